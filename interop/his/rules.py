"""How hospitals are asked."""

from datetime import timedelta

# A document is asked for when the hospital says that it has one; one that does not come is asked for again
# after these pauses, and from then on once a day.
DOCUMENT_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (10, 30, 2 * 60, 8 * 60, 24 * 60))
# The documents of each kind that one hospital is asked for in a row.
MOST_DOCUMENTS = 20
