"""Interfaces of the cards room."""
