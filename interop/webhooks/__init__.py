"""Events of institutions, on their way in and out (docs/institutions/events.md)."""
