"""Which tables say something of a person.

Joining and splitting persons has to know every row that points at an anchor. Each room
registers its own in its ``AppConfig.ready``; an architecture test compares the list with the
foreign keys to ``mpi.Person``.
"""

_tables: set[tuple[str, str]] = {
    ("mpi.Identifier", "person"),
    ("mpi.SourceRecord", "person"),
}


def register(model: str, field: str) -> None:
    """Say that a model's field points at a person.

    Args:
        model: Label of the model, for example ``cards.Card``.
        field: Name of its foreign key to ``mpi.Person``.
    """
    _tables.add((model, field))


def person_tables() -> frozenset[tuple[str, str]]:
    """Every (model label, field name) that bears a person."""
    return frozenset(_tables)
