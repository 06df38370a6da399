"""Interfaces of the appointments room."""
