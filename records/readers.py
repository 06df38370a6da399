"""Whose records a page or call is about: one's own, or those of somebody whom the account holds.

A guardian by proof reads a child's records. Another adult who agreed to have their card looked
after has not agreed to that.
"""

from django.http import HttpRequest

from cards.family import relatives
from cards.whose import Whose, whose_card
from foundation.accounts import selectors as accounts
from identity import selectors as identity
from identity.rules import Deed, guardian_may
from mpi import selectors as mpi
from records.errors import AccessUnknown, ReportNotFound
from records.models import AccessRequest, Report

_LONGEST_VERSION = 5


def reader_of(request: HttpRequest, person_id: str, deed: Deed = Deed.READ_RECORDS) -> Whose:
    """Whose records are asked for by person.

    Args:
        person_id: Empty for the account's own person.

    Raises:
        CardNotFound: The account holds nobody of that kind.
        GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``cards.whose.whose_card``.
    """
    own = identity.self_person(accounts.account_of(request).pk)
    is_own = own is not None and own.person_id == person_id
    return whose_card(request, "" if is_own else person_id, deed)


def reader_of_anchor(request: HttpRequest, anchor: int, deed: Deed = Deed.READ_RECORDS) -> Whose | None:
    """Whose records a row is of; none where the account holds nobody of this anchor.

    Raises:
        GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``reader_of``.
    """
    cluster = mpi.cluster(anchor)
    held = identity.persons_of(accounts.account_of(request).pk)
    found = next((acts for acts in held if acts.person_pk in cluster), None)
    return reader_of(request, found.person_id, deed) if found is not None else None


def reader_of_report(request: HttpRequest, report_id: str) -> Whose:
    """Whose report it is.

    Raises:
        ReportNotFound: There is none, or it is of somebody whom the account does not hold.
        GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``reader_of``.
    """
    anchor = Report.objects.filter(public_id=report_id).values_list("person", flat=True).first()
    whose = reader_of_anchor(request, anchor) if anchor is not None else None
    if whose is None:
        raise ReportNotFound
    return whose


def reader_of_request(request: HttpRequest, request_id: str, person_id: str) -> tuple[AccessRequest, Whose]:
    """A doctor's request, and whose records it is about.

    Args:
        person_id: For whom the doctor's code was scanned, where the request does not name anybody.

    Raises:
        AccessUnknown: It is about nobody whom the account holds, and the account did not scan it.
        CardNotFound, GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``reader_of``.
    """
    row = AccessRequest.objects.select_related("institution", "grant").filter(public_id=request_id).first()
    if row is None:
        raise AccessUnknown
    if row.person_id is not None:
        whose = reader_of_anchor(request, row.person_id, Deed.GRANT_ACCESS)
    elif row.account == accounts.actor_of(request).id:
        whose = reader_of(request, person_id, Deed.GRANT_ACCESS)
    else:
        whose = None
    if whose is None:
        raise AccessUnknown
    return row, whose


def version_named(text: str) -> int | None:
    """The version that an address names; none for the one that holds.

    Raises:
        ReportNotFound: No report has as many versions.
    """
    if not text.isdecimal():
        return None
    if len(text) > _LONGEST_VERSION:
        raise ReportNotFound
    return int(text)


def own_person_id(request: HttpRequest) -> str:
    """Public id of the account's own person; empty if it has none."""
    own = identity.self_person(accounts.account_of(request).pk)
    return own.person_id if own is not None else ""


def people_of(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Those whose records the account may open: person, name, relation; empty if there is but one."""
    everybody = relatives(accounts.account_of(request).pk)
    found = [
        (one.person_id if not one.is_self else "", one.name, one.relation_word)
        for one in everybody
        if one.is_self or guardian_may(Deed.READ_RECORDS, is_by_consent=one.is_by_consent)
    ]
    return found if len(found) > 1 else []
