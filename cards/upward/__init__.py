"""Registrations and uses, reported to the upper centre (CC-05, CC-12)."""
