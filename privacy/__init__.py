"""What residents can see, take along, take back and end."""
