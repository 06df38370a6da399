"""What a second clerk refused is not confirmed at the same moment; and what happens without the guard."""

import pytest
from django.db import IntegrityError, transaction

from cards.selectors import own_card
from foundation.accounts import services as accounts
from foundation.audit import services as audit
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import DomainError
from identity import services
from identity.models import TakeOver
from identity.services import takeover
from identity.types import TakeOverState
from institutions.rules import Role
from tests.cards.holding import CardHolder, card_holder
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-05")]


def clerk(letter: str) -> Actor:
    return Actor(
        kind=ActorKind.STAFF,
        id=letter * 26,
        institution="h" * 26,
        scopes=frozenset({Role.WINDOW_CLERK.value}),
    )


FIRST, SECOND, THIRD = clerk("a"), clerk("b"), clerk("c")


@pytest.fixture
def earlier(db: None) -> CardHolder:
    with transaction.atomic():
        return card_holder()


@pytest.fixture
def row(earlier: CardHolder) -> TakeOver:
    with transaction.atomic():
        account = accounts.open_resident(phone="13900003001")
    held = services.hold_seen_person(
        account_pk=account.pk,
        person_pk=earlier.card.person_id,
        subject=audit.subject_of(earlier.card),
        document="01",
        reason="测试",
        actor=FIRST,
    )
    assert not held
    return TakeOver.objects.get()


def confirm(row: TakeOver, earlier: CardHolder) -> str:
    try:
        services.confirm_take_over(take_over_id=row.public_id, number=earlier.id_number, actor=SECOND)
    except DomainError as exc:
        return exc.code
    return "moved"


def refuse(row: TakeOver) -> None:
    services.refuse_take_over(take_over_id=row.public_id, actor=THIRD)


def test_what_is_refused_meanwhile_is_not_confirmed(row: TakeOver, earlier: CardHolder) -> None:
    told = overtaken(first=lambda: refuse(row), then=lambda: confirm(row, earlier))
    assert told == "take_over_over"
    assert own_card(earlier.account.pk) is not None


def test_without_the_guard_both_answers_count(
    row: TakeOver, earlier: CardHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide(row: TakeOver, state: TakeOverState, actor: Actor) -> None:
        TakeOver.objects.filter(pk=row.pk).update(state=state, decided_by=actor.id, decided_at=row.created_at)

    monkeypatch.setattr(takeover, "_decide", decide)
    assert overtaken(first=lambda: refuse(row), then=lambda: confirm(row, earlier)) == "moved"
    assert own_card(earlier.account.pk) is None


def test_the_database_itself_refuses_two_times_the_same_eyes(row: TakeOver) -> None:
    with pytest.raises(IntegrityError, match="identity_take_over_four_eyes"):
        TakeOver.objects.update(state="done", decided_by=FIRST.id, decided_at=row.created_at)
