"""Rows that the nightly job ends, and rows that it must leave; by the room that they are of."""
