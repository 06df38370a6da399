"""Regions, institutions, terminals, departments, doctors and the staff's memberships."""

from institutions.models.clinics import Department, Doctor
from institutions.models.places import Institution, Region, StaffMembership, Terminal

__all__ = ["Department", "Doctor", "Institution", "Region", "StaffMembership", "Terminal"]
