"""The institutions that rows of this room belong to."""

from foundation.core.errors import NotFound
from institutions import selectors as institutions


def place_of(institution: str) -> int:
    """The key of an institution, for rows of this room.

    Raises:
        NotFound: If there is none.
    """
    found = institutions.institution_pk(institution)
    if found is None:
        raise NotFound(field="institution")
    return found
