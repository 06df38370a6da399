"""What is good once is taken once: a link by one account, a request by one client."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.gateway.models import ApiClient
from institutions.models import Institution, StaffMembership
from institutions.rules import Role
from onboarding.models import ClientRequest, Invitation, Joining
from onboarding.rules import JoiningState
from onboarding.services import clients, invitations
from onboarding.services.joining import APPLICANT
from tests.concurrency.waiting import overtaken
from tests.institutions import people

CALLERS = 8


@pytest.fixture
def place(transactional_db: None) -> str:
    return people.hospital()


def at_once(work: Callable[[int], Any]) -> tuple[list[Any], list[str]]:
    """What the callers got, and the codes of what they were refused with."""
    start = threading.Barrier(CALLERS, timeout=30)
    got: list[Any] = []
    refused: list[str] = []

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            got.append(work(number))
        except DomainError as exc:
            refused.append(exc.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got, refused


def take(token: str) -> Callable[[int], str]:
    return lambda number: invitations.take_invitation(
        token=token,
        username=f"somebody{number}",
        password="a-long-password-for-tests",
        actor=invitations.INVITED,
    )


def test_one_link_makes_one_account(place: str) -> None:
    made = invitations.invite(institution=place, role=Role.WINDOW_CLERK, actor=people.CENTRE)
    got, refused = at_once(take(made.token))
    assert len(got) == 1
    assert refused == ["invitation_refused"] * (CALLERS - 1)
    assert StaffMembership.objects.count() == 1


def test_without_its_guard_one_link_makes_several(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = invitations.invite(institution=place, role=Role.WINDOW_CLERK, actor=people.CENTRE)
    # Everybody reads that the link is good before anybody writes that it is used.
    looked = threading.Barrier(CALLERS, timeout=30)
    read = invitations.open_invitation

    def read_together(**given: Any) -> Any:
        row = read(**given)
        looked.wait()
        return row

    usual = QuerySet.filter

    def unguarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("taken_at", None)
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(invitations, "open_invitation", read_together)
    monkeypatch.setattr(QuerySet, "filter", unguarded)
    at_once(take(made.token))
    monkeypatch.undo()
    assert StaffMembership.objects.count() > 1


def test_one_request_makes_one_client(place: str) -> None:
    admin = people.actor(people.staff(Role.INSTITUTION_ADMIN, place))
    request = clients.request_client(
        institution=place, name="HIS", scopes=["card:read"], purpose="门诊使用", actor=admin
    )
    got, refused = at_once(
        lambda _: clients.release_client(
            request=request, scopes=["card:read"], actor=people.CENTRE, reason="测试"
        )
    )
    assert len(got) == 1
    assert set(refused) <= {"request_state_conflict", "client_name_taken"}
    assert ApiClient.objects.count() == 1
    assert ClientRequest.objects.get().client == got[0]


def approved(place: str) -> Joining:
    return Joining.objects.create(
        reference="0123456789",
        contact_phone="13900000101",
        state=JoiningState.APPROVED,
        institution=Institution.objects.get(public_id=place),
        submitted_at=clock.now(),
        agreed_at=clock.now(),
        account_until=clock.now() + timedelta(days=1),
    )


def link_of(joining: Joining) -> str:
    """What the contact gets: a link that can be used, or the code of the refusal."""
    try:
        return invitations.invite_applicant(joining=joining, actor=APPLICANT).public_id
    except DomainError as exc:
        return exc.code


def end(joining: Joining) -> None:
    invitations.revoke_applicant(joining=joining.public_id, actor=people.CENTRE, reason="测试")


def open_links() -> int:
    return Invitation.objects.filter(taken_at=None, withdrawn_at=None).count()


def test_a_contact_who_waits_for_the_end_gets_no_link(place: str) -> None:
    joining = approved(place)
    assert overtaken(first=lambda: end(joining), then=lambda: link_of(joining)) == "first_account_over"
    assert open_links() == 0


def test_an_end_that_waits_for_the_contacts_link_ends_it(place: str) -> None:
    joining = approved(place)
    overtaken(first=lambda: link_of(joining), then=lambda: end(joining))
    assert open_links() == 0


def test_without_the_lock_a_link_outlives_the_end(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    joining = approved(place)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
    overtaken(first=lambda: end(joining), then=lambda: link_of(joining))
    monkeypatch.undo()
    assert open_links() == 1


def test_the_contact_gets_no_second_link_while_the_first_is_being_used(place: str) -> None:
    joining = approved(place)
    made = invitations.invite_applicant(joining=joining, actor=APPLICANT)

    def once_more() -> str:
        try:
            return invitations.invite_applicant(joining=joining, actor=APPLICANT).public_id
        except DomainError as exc:
            return exc.code

    told = overtaken(first=lambda: take(made.token)(1), then=once_more)
    assert told == "invitation_state_conflict"
    assert StaffMembership.objects.count() == 1
