"""Card centres that speak to each other."""
