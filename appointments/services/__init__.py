"""Commands over schedules, places and bookings."""
