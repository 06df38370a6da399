"""Making codes: for the holder's page, and for institutions."""
