"""Interfaces of the provider beside the protocol."""
