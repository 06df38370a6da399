"""Admin of other card centres, and of the exchange with institutions."""

from interop.admin import deliveries, endpoints, inbox, nodes

__all__ = ["deliveries", "endpoints", "inbox", "nodes"]
