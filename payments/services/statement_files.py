"""The files that an institution's own system exchanges with us, for the day of its own institution alone."""

from datetime import date
from functools import partial

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from institutions import selectors as institutions
from payments import tasks
from payments.reconciliation import files
from payments.selectors.statements import statement_of
from payments.services.statements import take_hospital_file


def statement_for_hospital(*, day: date, actor: Actor) -> tuple[str, str]:
    """The statement of a day as CSV, and the digest of its bytes in UTF-8.

    Raises:
        NotFound: The actor is of no institution.
    """
    place = institutions.visible(actor).filter(public_id=actor.institution).first()
    if place is None:
        raise NotFound
    rows = statement_of(actor=actor, institution=actor.institution, day=day)
    content = files.written(rows)
    audit.record(
        Action.STATEMENT_DOWNLOADED,
        actor=actor,
        subject=place,
        institution=actor.institution,
        details={"count": len(rows), "channel": "api"},
    )
    return content.decode(), files.digest_of(content)


def take_statement_of_hospital(*, day: date, content: str, actor: Actor) -> str:
    """Keep what the institution's own system posted on a day, and have it compared.

    Returns:
        The public id of the version that counts.

    Raises:
        StatementUnreadable: With the line and what is wrong in it.
    """
    taken = take_hospital_file(institution=actor.institution, day=day, content=content.encode(), actor=actor)
    transaction.on_commit(partial(tasks.reconcile_file.delay, taken))
    return taken
