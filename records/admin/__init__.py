"""What staff see of this room: that there are reports and readings, and never what a report says."""

from records.admin import access, reports

__all__ = ["access", "reports"]
