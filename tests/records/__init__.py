"""Tests of reports, of consent to read them, and of what helps in an emergency."""
