"""Dependants: who may hold them, how many, by which proof, until when, and who is told."""

import re
from calendar import monthrange
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection

from foundation.accounts import services as accounts
from foundation.accounts.models import Account, SmsDispatch
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound, TooManyRequests
from foundation.events.models import OutboxMessage
from identity import selectors, services
from identity.errors import (
    DependantIsMinor,
    DependantIsSelf,
    InvitationCodeWrong,
    InvitationOver,
    LevelTooLow,
    OwnPersonNeeded,
    TooManyDependants,
    TooManyGuardians,
)
from identity.models import Holding, Invitation
from identity.rules import Evidence
from identity.services import family
from identity.types import EndReason, FamilyLimits, OpenedHolding, Relation
from mpi import rules as people
from mpi import services as mpi
from mpi.types import PersonIdentity, PersonRef
from tests.accounts.people import last_code

LIMITS = FamilyLimits(dependants=2, guardians=2)
CLERK = Actor.system("tests")
ELDER_PHONE = "13900000077"
_serial = iter(range(100, 999))


def number(birth: str) -> str:
    body = f"110199{birth}{next(_serial)}"
    return body + people.check_digit_of(body)


def person(birth: str = "19700101", name: str = "测试乙", phone: str = "") -> tuple[PersonRef, str]:
    id_number = number(birth)
    ref = mpi.register_person(
        identity=PersonIdentity(name=name, id_type="01", id_number=id_number, phone=phone),
        source="tests",
        actor=CLERK,
    )
    return ref, id_number


def born(years_ago: int, *, days: int = 0) -> str:
    today = clock.beijing(clock.now()).date() + timedelta(days=days)
    day = min(today.day, monthrange(today.year - years_ago, today.month)[1])
    return f"{today.year - years_ago}{today:%m}{day:02d}"


def guardian(phone: str = "13900000051", evidence: Evidence = Evidence.WINDOW) -> Account:
    account = accounts.open_resident(phone=phone)
    services.open_self_holding(
        account_pk=account.pk, person_pk=person(name="测试甲")[0].person_pk, evidence=evidence, actor=CLERK
    )
    return account


def hold(account: Account, ref: PersonRef, **more: object) -> OpenedHolding:
    given = {"relation": "child", "evidence": Evidence.GUARDIAN_PROOF, "limits": LIMITS, **more}
    return services.open_dependant_holding(
        account_pk=account.pk,
        person_pk=ref.person_pk,
        actor=Actor.resident(account.public_id),
        **given,  # type: ignore[arg-type]
    )


def invite(account: Account, id_number: str, name: str = "测试乙") -> Invitation:
    return services.invite(
        account_pk=account.pk,
        relation="parent",
        id_type="01",
        id_number=id_number,
        name=name,
        actor=Actor.resident(account.public_id),
    )


# Who may hold


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_only_somebody_proved_at_level_two_holds_a_dependant() -> None:
    child, _ = person(born(5))
    nobody = accounts.open_resident(phone="13900000052")
    with pytest.raises(OwnPersonNeeded):
        hold(nobody, child)
    with pytest.raises(LevelTooLow):
        hold(guardian("13900000053", Evidence.REAL_NAME), child)
    with pytest.raises(LevelTooLow):
        hold(guardian("13900000054"), child, evidence=Evidence.REAL_NAME)
    account = guardian()
    opened = hold(account, child)
    assert (opened.level, opened.created) == (2, True)
    assert selectors.acting(account.pk, child.person_id).relation == "child"
    entry = AuditEntry.objects.filter(action="holding.opened").latest("pk")
    assert (entry.actor_id, entry.on_behalf_of) == (account.public_id, child.person_id)
    assert hold(account, child) == OpenedHolding(
        opened.holding_id, child.person_pk, child.person_id, 2, created=False
    )


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_the_limits_hold_for_both_sides_and_a_freed_place_is_used_again() -> None:
    account = guardian()
    first, second, third = (person(born(5))[0] for _ in range(3))
    one = hold(account, first)
    hold(account, second)
    with pytest.raises(TooManyDependants):
        hold(account, third)
    services.end_guardianship(
        account_pk=account.pk, holding_id=one.holding_id, reason="not_needed", actor=CLERK
    )
    hold(account, third)
    hold(guardian("13900000055"), second)
    with pytest.raises(TooManyGuardians):
        hold(guardian("13900000056"), second)
    own = selectors.self_person(account.pk)
    assert own is not None
    with pytest.raises(DependantIsSelf):
        hold(account, PersonRef(own.person_pk, own.person_id))


# Ending


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_either_side_ends_it_with_a_reason_and_a_stranger_does_not() -> None:
    account, elder = guardian(), guardian("13900000057")
    own = selectors.self_person(elder.pk)
    assert own is not None
    opened = hold(account, PersonRef(own.person_pk, own.person_id), evidence=Evidence.HOLDER_CONSENT)
    shown = selectors.guardians_of(own.person_pk)
    assert [(one.holding_id, one.name) for one in shown] == [(opened.holding_id, "**甲")]
    with pytest.raises(NotFound):
        services.end_guardianship(
            account_pk=guardian("13900000058").pk,
            holding_id=opened.holding_id,
            reason="not_needed",
            actor=CLERK,
        )
    services.end_guardianship(
        account_pk=elder.pk, holding_id=opened.holding_id, reason="not_agreed", actor=CLERK
    )
    with pytest.raises(NotFound):
        selectors.acting(account.pk, own.person_id)
    assert [one.reason for one in selectors.ended_lately(account.pk)] == [str(EndReason.NOT_AGREED.label)]


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_a_child_is_handed_over_at_eighteen_after_one_warning() -> None:
    account = guardian()
    young, soon = person(born(5))[0], person(born(18, days=20))[0]
    kept, ending = hold(account, young), hold(account, soon)
    assert services.hand_over_adults() == (1, 0)
    assert services.hand_over_adults() == (0, 0)
    assert OutboxMessage.objects.filter(topic="holding.ending.v1").count() == 1
    with time_machine.travel(clock.now() + timedelta(days=21), tick=False):
        assert services.hand_over_adults() == (0, 1)
        assert services.hand_over_adults() == (0, 0)
    assert Holding.objects.get(public_id=ending.holding_id).end_reason == EndReason.CAME_OF_AGE
    assert Holding.objects.get(public_id=kept.holding_id).end_reason == ""


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_a_grown_up_child_who_agreed_is_not_handed_over() -> None:
    hold(guardian(), person("19900101")[0], evidence=Evidence.HOLDER_CONSENT)
    assert services.hand_over_adults() == (0, 0)


# Consent


@pytest.mark.row("ID-10")
@pytest.mark.django_db(transaction=True)
def test_the_code_from_the_phone_on_record_opens_it_once() -> None:
    account = guardian()
    elder, id_number = person("19450101", phone=ELDER_PHONE)
    invitation = invite(account, id_number)
    code = last_code()
    wrong = "000000" if code != "000000" else "111111"
    with pytest.raises(InvitationCodeWrong):
        services.check_invitation_code(account_pk=account.pk, invitation_id=invitation.public_id, code=wrong)
    services.check_invitation_code(account_pk=account.pk, invitation_id=invitation.public_id, code=code)
    opened = services.accept_by_code(
        account_pk=account.pk, invitation_id=invitation.public_id, limits=LIMITS, actor=CLERK
    )
    assert (opened.person_id, opened.level) == (elder.person_id, 2)
    with pytest.raises(InvitationOver):
        services.check_invitation_code(account_pk=account.pk, invitation_id=invitation.public_id, code=code)


@pytest.mark.row("ID-10")
@pytest.mark.django_db(transaction=True)
def test_nothing_tells_whether_the_person_is_known() -> None:
    account = guardian()
    known = invite(account, person("19450101", phone=ELDER_PHONE)[1])
    unknown = invite(account, number("19450101"))
    for invitation in (known, unknown):
        shown = selectors.sent_invitation(account.pk, invitation.public_id)
        assert (shown.state, shown.inviter) == ("open", "")
        for _ in range(5):
            with pytest.raises(InvitationCodeWrong):
                services.check_invitation_code(
                    account_pk=account.pk, invitation_id=invitation.public_id, code="x"
                )
        with pytest.raises(InvitationOver):
            services.check_invitation_code(
                account_pk=account.pk, invitation_id=invitation.public_id, code=last_code()
            )


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_no_code_goes_to_a_phone_that_the_inviter_or_a_weakly_proved_holder_gave() -> None:
    account = guardian("13900000051")
    invite(account, person("19450101", phone="13900000051")[1])
    weak, id_number = person("19450101", phone=ELDER_PHONE)
    services.open_self_holding(
        account_pk=accounts.open_resident(phone=ELDER_PHONE).pk,
        person_pk=weak.person_pk,
        evidence=Evidence.REAL_NAME,
        actor=CLERK,
    )
    invite(account, id_number)
    assert not SmsDispatch.objects.filter(purpose="family").exists()


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_no_code_goes_to_a_phone_that_a_weakly_proved_holder_left_behind() -> None:
    person_left, id_number = person("19450101", phone=ELDER_PHONE)
    first = accounts.open_resident(phone=ELDER_PHONE)
    opened = services.open_self_holding(
        account_pk=first.pk, person_pk=person_left.person_pk, evidence=Evidence.REAL_NAME, actor=CLERK
    )
    services.end_holding(holding_id=opened.holding_id, actor=CLERK, reason="closed")
    invite(guardian(), id_number)
    assert not SmsDispatch.objects.filter(purpose="family").exists()


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_the_person_agrees_from_their_own_account_and_nobody_else_can() -> None:
    account, elder = guardian(), accounts.open_resident(phone=ELDER_PHONE)
    ref, id_number = person("19450101")
    services.open_self_holding(
        account_pk=elder.pk, person_pk=ref.person_pk, evidence=Evidence.REAL_NAME, actor=CLERK
    )
    invitation = invite(account, id_number)
    for stranger in (account, guardian("13900000059")):
        with pytest.raises(InvitationOver):
            selectors.received_invitation(stranger.pk, invitation.public_id)
    assert selectors.received_invitation(elder.pk, invitation.public_id).inviter == "**甲"
    given = {"account_pk": elder.pk, "invitation_id": invitation.public_id, "limits": LIMITS}
    # What rests on a name and a number gives nobody a hold of level 2.
    with pytest.raises(LevelTooLow):
        services.accept_invitation(**given, actor=CLERK)  # type: ignore[arg-type]
    services.raise_seen_holding(
        holding_id=Holding.objects.get(account=elder).public_id,
        document="01",
        actor=CLERK,
        reason="窗口核实",
    )
    opened = services.accept_invitation(**given, actor=CLERK)  # type: ignore[arg-type]
    assert selectors.holding_of(account.pk, ref.person_id) == opened.holding_id
    with pytest.raises(InvitationOver):
        services.decline_invitation(account_pk=elder.pk, invitation_id=invitation.public_id, actor=CLERK)


@pytest.mark.row("ID-10")
@pytest.mark.django_db
def test_a_minor_is_not_invited_a_refusal_counts_and_the_tries_are_limited() -> None:
    account = guardian()
    with pytest.raises(DependantIsMinor):
        invite(account, number(born(10)))
    id_number = number("19450101")
    for _ in range(5):
        invite(account, id_number)
    assert Invitation.objects.filter(state="open").count() == 1
    with pytest.raises(TooManyRequests):
        invite(account, id_number)
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        assert services.expire_invitations() == 1


def test_every_relation_has_a_word() -> None:
    assert all(re.search(r"\w", str(relation.label)) for relation in Relation)


# Races


def hold_at_once(account: Account, refs: list[PersonRef]) -> int:
    start = Barrier(len(refs), timeout=30)
    held: list[str] = []

    def work(ref: PersonRef) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            held.append(hold(account, ref).holding_id)
        except TooManyDependants:
            return
        finally:
            connection.close()

    threads = [Thread(target=work, args=(ref,)) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(held)


@pytest.mark.row("ID-10")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [False, True])
def test_eight_requests_at_once_hold_no_more_than_the_limit(
    is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = guardian()
    # Everybody reads which places are free before anybody takes one.
    looked, look = Barrier(8, timeout=60), family._free_places

    def look_together(account_pk: int, most: int) -> list[int]:
        free = look(account_pk, most)
        looked.wait()
        return free

    monkeypatch.setattr(family, "_free_places", look_together)
    refs = [person(born(5))[0] for _ in range(8)]
    name = "identity_holding_one_per_place"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
        definition = cursor.fetchone()[0]
        if not is_guarded:
            cursor.execute(f"DROP INDEX {name}")
    try:
        held = hold_at_once(account, refs)
    finally:
        if not is_guarded:
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE identity_holding CASCADE")
                cursor.execute(definition)
    assert held == LIMITS.dependants if is_guarded else held > LIMITS.dependants
