"""What staff do: applications, invitations, requests for clients, merchants."""

from onboarding.admin import clients, invitations, joinings, merchants

__all__ = ["clients", "invitations", "joinings", "merchants"]
