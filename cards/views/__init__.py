"""Residents' pages of the card."""
