"""Commands of the cards room: application, review, issue, life of a card, registration."""
