"""Many uses that have happened, reported at once, each with a result of its own (CC-12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from cards.centre import rules_in_force
from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.verification import misses, statement, writer
from cards.verification.claim import Claim, Details, Found
from cards.verification.report import Reported, report_by_code
from cards.verification.shown import Shown
from cards.verification.verify import claim_of, require_terminal
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.events import services as events
from foundation.gateway.caller import Caller
from foundation.gateway.scopes import USAGE_REPORT


@dataclass(frozen=True, slots=True)
class UseToReport:
    """One use: by a code inside its scan session, or by the card's number."""

    details: Details
    code: str = field(default="", repr=False)
    card_id: str = field(default="", repr=False)


def report_many(*, uses: Sequence[UseToReport], caller: Caller) -> list[Reported | DomainError]:
    """Record many uses; those without a scan in one statement.

    Each use has its own request id: a use that was reported before gets its stored answer,
    however the batches are cut when they are sent again.

    Returns:
        For each use what was recorded, or why it was not.

    Raises:
        ScopeMissing: The caller may not report.
    """
    caller.require(USAGE_REPORT)
    found: list[Reported | DomainError | None] = [None] * len(uses)
    claims: dict[int, Claim] = {}
    for place, use in enumerate(uses):
        try:
            if use.code:
                found[place] = report_by_code(text=use.code, caller=caller, details=use.details)
            else:
                claims[place] = _claim(use, caller)
        except DomainError as exc:
            found[place] = exc
    written = _written(list(claims.values()))
    for place, claim in claims.items():
        row = written.get(claim.public_id)
        found[place] = _reported(row, is_replayed=False) if row is not None else _explained(claim)
    return [each for each in found if each is not None]


def _claim(use: UseToReport, caller: Caller) -> Claim:
    use.details.check()
    require_terminal(caller, use.details)
    card_id = use.card_id.strip().upper()
    return claim_of(
        Shown(CodeKind.NONE, card_id, card_id),
        use.details,
        caller=caller,
        moment=clock.now(),
        kind=UseKind.INDIRECT,
        is_report=True,
    )


def _written(claims: Sequence[Claim]) -> dict[str, Found]:
    if not claims:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        written = statement.consume(cursor, claims)
        transaction.on_commit(events.wake)
    return written


def _explained(claim: Claim) -> Reported | DomainError:
    rules = rules_in_force()
    try:
        outcome = misses.explain(claim, rules)
        if isinstance(outcome, Claim):
            row, is_replayed = writer.write(outcome, rules)
            return _reported(row, is_replayed=is_replayed)
        return _reported(outcome, is_replayed=True)
    except DomainError as exc:
        return exc


def _reported(row: Found, *, is_replayed: bool) -> Reported:
    return Reported(row.usage_id, UseKind.INDIRECT, row.at, is_replayed, row)
