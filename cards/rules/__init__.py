"""Pure rules of cards: no database, no clock."""
