"""Reading schedules and bookings, scoped to who asks."""
