"""Append-only audit: ``from foundation.audit import services as audit``."""
