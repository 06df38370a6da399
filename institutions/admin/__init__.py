"""What staff see of this room, and of the gateway and the audit below it, on both sites."""

from institutions.admin import audit, clients, clinics, places, staff, terminals

__all__ = ["audit", "clients", "clinics", "places", "staff", "terminals"]
