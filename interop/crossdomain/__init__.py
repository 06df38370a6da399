"""Verification across card centres (CC-03): asking by way of the upper centre, and answering."""
