"""The interfaces of the payments room."""
