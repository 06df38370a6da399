"""Interfaces of this room."""
