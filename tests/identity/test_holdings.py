"""Who holds whom: one self per person and per account, and no oracle for strangers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import IntegrityError, connection, connections
from pytest_django import DjangoAssertNumQueries

from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events.models import OutboxMessage
from identity import rules, selectors, services
from identity.errors import HeldByAnother, HoldsAnother, LevelTooLow, SecondClerkNeeded
from identity.models import Holding, IdentityCheck
from identity.rules import Deed, Evidence
from identity.types import OpenedHolding
from mpi import selectors as mpi
from mpi import services as persons
from mpi.types import PersonRef
from tests.identity.conftest import CLERK, register

pytestmark = pytest.mark.django_db


def hold(account: Account, person: PersonRef, evidence: Evidence = Evidence.REAL_NAME) -> OpenedHolding:
    return services.open_self_holding(
        account_pk=account.pk,
        person_pk=person.person_pk,
        evidence=evidence,
        evidence_id="0" * 26,
        actor=Actor.resident(account.public_id),
    )


def join(old: PersonRef, kept: PersonRef) -> None:
    mpi.anchors().filter(pk=old.person_pk).update(survivor_id=kept.person_pk)


# Rules


def test_every_evidence_has_its_level_and_every_deed_its_price() -> None:
    assert set(rules.LEVEL_OF) == set(Evidence)
    assert set(rules.NEEDED_FOR) == set(Deed)


@pytest.mark.parametrize(
    ("level", "deed", "allowed"),
    [
        (0, Deed.SHOW_CODE, False),
        (1, Deed.SHOW_CODE, True),
        (1, Deed.HOLD_FREE_PERSON, True),
        (1, Deed.HOLD_HELD_PERSON, False),
        (1, Deed.HOLD_DEPENDANT, False),
        (1, Deed.KEEP_CODES_ON_DEVICE, False),
        (2, Deed.HOLD_HELD_PERSON, True),
        (2, Deed.KEEP_CODES_ON_DEVICE, True),
        (3, Deed.READ_RECORDS, True),
    ],
)
def test_a_level_opens_what_the_table_says(level: int, deed: Deed, allowed: bool) -> None:
    assert rules.may(level, deed) is allowed
    if not allowed:
        with pytest.raises(LevelTooLow):
            rules.require(level, deed)


# Opening


def test_a_matching_name_opens_a_person_whom_nobody_holds(citizen: Account) -> None:
    person = register()
    opened = hold(citizen, person)
    assert (opened.level, opened.created, opened.person_id) == (1, True, person.person_id)
    assert selectors.self_person(citizen.pk) == selectors.acting(citizen.pk, person.person_id)
    assert selectors.is_held(person.person_pk)
    message = OutboxMessage.objects.get(topic="holding.opened.v1")
    assert message.payload == {
        "holding_id": opened.holding_id,
        "account_id": citizen.public_id,
        "person_id": person.person_id,
        "relation": "self",
        "level": 1,
    }
    entry = AuditEntry.objects.get(action="holding.opened")
    assert (entry.subject_id, entry.details["kind"]) == (opened.holding_id, "real_name")


def test_a_statement_alone_opens_nobody(citizen: Account) -> None:
    with pytest.raises(LevelTooLow):
        hold(citizen, register(), Evidence.STATEMENT)


def test_nobody_takes_a_held_person_over_by_a_name_and_a_number(citizen: Account, stranger: Account) -> None:
    person = register()
    hold(citizen, person)
    with pytest.raises(HeldByAnother) as caught:
        hold(stranger, person)
    assert selectors.self_person(stranger.pk) is None
    assert selectors.self_person(citizen.pk) is not None
    assert "持有" not in caught.value.text() + caught.value.advice()
    assert "卡" not in caught.value.text() + caught.value.advice()


def test_a_proof_by_two_clerks_moves_the_person_and_ends_the_earlier_holding(
    citizen: Account, stranger: Account
) -> None:
    person = register()
    hold(citizen, person)
    with pytest.raises(SecondClerkNeeded):
        hold(stranger, person, Evidence.WINDOW)
    opened = services.open_self_holding(
        account_pk=stranger.pk,
        person_pk=person.person_pk,
        evidence=Evidence.WINDOW,
        first_clerk="c" * 26,
        actor=CLERK,
    )
    assert (opened.level, opened.created) == (3, True)
    assert selectors.self_person(citizen.pk) is None
    with pytest.raises(NotFound):
        selectors.acting(citizen.pk, person.person_id)
    assert OutboxMessage.objects.filter(topic="holding.ended.v1").count() == 1


def test_a_weaker_proof_does_not_move_a_person_seen_at_the_window(
    citizen: Account, stranger: Account
) -> None:
    person = register()
    hold(citizen, person, Evidence.WINDOW)
    with pytest.raises(HeldByAnother):
        hold(stranger, person, Evidence.PHONE_ON_RECORD)


def test_an_account_is_one_person(citizen: Account) -> None:
    hold(citizen, register())
    with pytest.raises(HoldsAnother):
        hold(citizen, register("李红", "03", "E1234567"), Evidence.WINDOW)


def test_the_same_holding_again_is_the_same_holding_and_a_better_proof_raises_it(citizen: Account) -> None:
    person = register()
    first = hold(citizen, person)
    assert hold(citizen, person) == OpenedHolding(
        first.holding_id, first.person_pk, first.person_id, 1, created=False
    )
    assert hold(citizen, person, Evidence.FACE).level == 2
    assert hold(citizen, person).level == 2
    assert AuditEntry.objects.filter(action="holding.raised").count() == 1
    assert OutboxMessage.objects.filter(topic="holding.opened.v1").count() == 1


def test_the_rule_of_one_holder_counts_joined_persons_as_one(citizen: Account, stranger: Account) -> None:
    old, kept = register("张晓明", "03", "E1234567"), register()
    hold(citizen, old)
    join(old, kept)
    with pytest.raises(HeldByAnother):
        hold(stranger, kept)
    acting = selectors.acting(citizen.pk, kept.person_id)
    assert acting == selectors.acting(citizen.pk, old.person_id) == selectors.self_person(citizen.pk)
    assert acting.person_pk == kept.person_pk
    assert not hold(citizen, kept).created


def test_an_ended_holding_acts_for_nobody_and_can_be_opened_anew(citizen: Account) -> None:
    person = register()
    opened = hold(citizen, person)
    services.end_holding(holding_id=opened.holding_id, actor=CLERK, reason="本人要求")
    assert selectors.self_person(citizen.pk) is None
    assert not selectors.is_held(person.person_pk)
    with pytest.raises(NotFound):
        services.end_holding(holding_id=opened.holding_id, actor=CLERK, reason="本人要求")
    assert hold(citizen, person).created


def test_the_database_itself_refuses_a_second_self(citizen: Account, stranger: Account) -> None:
    opened = hold(citizen, register())
    with pytest.raises(IntegrityError, match="identity_holding_one_self_holder"):
        Holding.objects.create(
            account=stranger,
            person_id=opened.person_pk,
            level=1,
            evidence="face",
            opened_at="2026-01-01T00:00Z",
        )


# Acting


def test_strangers_and_unknown_persons_get_the_same_answer(citizen: Account, stranger: Account) -> None:
    person = register()
    hold(citizen, person)
    for person_id in (person.person_id, "0" * 26, "", "x" * 500, "\x00" * 26):
        with pytest.raises(NotFound) as caught:
            selectors.acting(stranger.pk, person_id)
        assert caught.value.code == "not_found"


def test_an_account_lists_whom_it_acts_for(citizen: Account) -> None:
    assert selectors.persons_of(citizen.pk) == []
    person = register()
    hold(citizen, person)
    assert [acting.person_id for acting in selectors.persons_of(citizen.pk)] == [person.person_id]


def test_holders_of_many_persons_take_two_queries(
    citizen: Account, stranger: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    held, other, free = register(), register("李红", "03", "E1234567"), register("王芳", "03", "E7654321")
    hold(citizen, held)
    hold(stranger, other)
    with django_assert_num_queries(2):
        found = selectors.holder_accounts([held.person_pk, other.person_pk, free.person_pk])
    assert found == {
        held.person_pk: [citizen.public_id],
        other.person_pk: [stranger.public_id],
        free.person_pk: [],
    }


def test_holders_are_found_by_any_anchor_of_the_person(citizen: Account) -> None:
    old, kept = register("张晓明", "03", "E1234567"), register()
    hold(citizen, old)
    join(old, kept)
    assert selectors.holder_accounts([kept.person_pk]) == {kept.person_pk: [citizen.public_id]}


# The second proof


def test_the_end_of_the_certificate_number_proves_the_holder(citizen: Account) -> None:
    assert services.second_proof_holds(citizen, "006X") is None
    hold(citizen, register())
    assert services.second_proof_holds(citizen, "006X") is True
    assert services.second_proof_holds(citizen, " 006x ") is True
    assert services.second_proof_holds(citizen, "００６Ｘ") is True
    for answer in ("", "0060", "X", "225006X", "😀"):
        assert services.second_proof_holds(citizen, answer) is False


def test_an_erased_person_protects_nothing(citizen: Account) -> None:
    person = register()
    hold(citizen, person)
    persons.destroy_person_key(person_pk=person.person_pk, actor=CLERK, reason="注销")
    assert services.second_proof_holds(citizen, "006X") is None


# Races

CALLERS = 20


def together(calls: list[tuple[Account, PersonRef]]) -> list[str]:
    barrier = Barrier(len(calls))

    def caller(pair: tuple[Account, PersonRef]) -> str:
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=30)
            hold(*pair)
            return "opened"
        except (HeldByAnother, HoldsAnother) as exc:
            return exc.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(caller, calls))


@pytest.mark.django_db(transaction=True)
def test_of_twenty_accounts_one_holds_the_person() -> None:
    person = register()
    contenders = [accounts.open_resident(phone=f"139000010{number:02d}") for number in range(CALLERS)]
    outcomes = together([(account, person) for account in contenders])
    assert outcomes.count("opened") == 1
    assert outcomes.count("needs_further_proof") == CALLERS - 1
    assert Holding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_persons_an_account_holds_one() -> None:
    account = accounts.open_resident(phone="13900001000")
    persons_found = [register("张晓明", "03", f"E{number:07d}") for number in range(CALLERS)]
    outcomes = together([(account, person) for person in persons_found])
    assert outcomes.count("opened") == 1
    assert outcomes.count("holds_another") == CALLERS - 1


@pytest.mark.django_db(transaction=True)
def test_joined_persons_are_held_once_because_the_cluster_is_locked() -> None:
    old, kept = register("张晓明", "03", "E1234567"), register()
    join(old, kept)
    contenders = [accounts.open_resident(phone=f"139000010{number:02d}") for number in range(CALLERS)]
    outcomes = together([(account, old if number % 2 else kept) for number, account in enumerate(contenders)])
    assert outcomes.count("opened") == 1


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_the_person_is_held_several_times() -> None:
    """What the guards are for: the same steps without them."""
    person = register()
    contenders = [accounts.open_resident(phone=f"139000010{number:02d}") for number in range(CALLERS)]
    constraint = next(
        one for one in Holding._meta.constraints if one.name == "identity_holding_one_self_holder"
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(Holding, constraint)
    all_have_looked = Barrier(CALLERS)

    def unguarded(account: Account) -> None:
        try:
            is_free = not selectors.is_held(person.person_pk)
            all_have_looked.wait(timeout=30)
            if is_free:
                Holding.objects.create(
                    account=account,
                    person_id=person.person_pk,
                    level=1,
                    evidence="real_name",
                    opened_at="2026-01-01T00:00Z",
                )
        finally:
            connections.close_all()

    try:
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(unguarded, contenders))
        assert Holding.objects.count() == CALLERS
    finally:
        Holding.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Holding, constraint)


@pytest.mark.row("ID-02")
@pytest.mark.django_db
def test_who_is_seen_again_on_another_day_is_proved_anew_and_the_same_day_once(citizen: Account) -> None:
    hold(citizen, register("测试甲"))
    row = Holding.objects.get(account=citizen)

    def seen() -> tuple[object, int]:
        services.raise_seen_holding(holding_id=row.public_id, document="01", actor=CLERK, reason="窗口核实")
        row.refresh_from_db()
        return row.proved_at, IdentityCheck.objects.filter(provider=Evidence.WINDOW.value).count()

    first, checks = seen()
    assert (seen()[1], checks) == (1, 1)
    with time_machine.travel(clock.now() + timedelta(days=400)):
        again, checks = seen()
    assert checks == 2
    assert again != first
