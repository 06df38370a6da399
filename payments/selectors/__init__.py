"""Reading bills, always scoped to who asks."""
