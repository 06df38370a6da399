"""What becomes of rows whose key was destroyed: nobody reads them, goes on with them, or trips over them."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from cards import selectors as cards_read
from cards.batch.states import RowState
from cards.errors import BatchRowTaken, PhysicalCardMoveRefused
from cards.models import Card, CardApplication, PhysicalCard
from cards.services import batch_counter, life
from cards.services.physical import switch_card
from cards.states import ApplicationState, CardState, PhysicalState
from foundation.audit.models import AuditEntry
from foundation.audit.retention import Ended, apply
from foundation.core import clock
from foundation.core.errors import NotFound, StalePage
from gmcrypto import keystore, reindexing
from gmcrypto.errors import KeyDestroyed
from gmcrypto.keyring import Purpose
from gmcrypto.reindexing import Moved
from identity import services as identity_services
from identity.errors import VerifyOrderUnknown
from identity.services import orders
from mpi import selectors as mpi
from mpi import services as mpi_services
from mpi.errors import PersonErased
from onboarding import selectors as onboarding_read
from onboarding.errors import JoiningPhoneWrong
from onboarding.models import Document, Joining, Merchant
from onboarding.rules import JoiningState, MerchantState, Question
from onboarding.services import joining as joining_services
from onboarding.services import merchants
from privacy import retention as periods
from privacy.services import retention
from tests.cards.holding import CENTRE, card_holder
from tests.privacy.kept import basics, kinds, of_cards

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]

TERMS = {term.kind: term for term in retention.terms()}


def ended(kind: str) -> Any:
    """A row that the job has just ended."""
    term, row = TERMS[kind], kinds.DUE[kind]()
    kinds.since(term, row, clock.now() - term.period - timedelta(days=1))
    assert apply(term, moment=clock.now(), limit=10, actor=retention.ACTOR) == Ended(1, 0)
    return type(row).objects.get(pk=row.pk)


def test_a_physical_card_is_read_released_and_listed_no_more() -> None:
    row = ended("physical_cards")
    with pytest.raises(KeyDestroyed):
        assert row.id_number
    with pytest.raises(PhysicalCardMoveRefused):
        switch_card(card_pk=row.pk, is_open=True, reason="found", actor=CENTRE)
    assert PhysicalCard.objects.get().state == PhysicalState.BLOCKED
    assert row not in cards_read.visible_physical_cards(CENTRE)


def test_a_merchant_is_not_opened_again_and_its_account_may_be_named_anew() -> None:
    row = ended("merchants_suspended")
    assert (row.account_index, row.account_index_next) == (None, None)
    with pytest.raises(NotFound):
        merchants.resume_merchant(merchant=row.public_id, actor=CENTRE, reason="again")
    with pytest.raises(KeyDestroyed):
        assert Document.objects.get(merchant=row).content
    assert not onboarding_read.visible_documents(CENTRE).exists()
    assert Merchant.objects.get().state == MerchantState.SUSPENDED


def test_nobody_goes_on_with_an_application_to_take_part() -> None:
    row = ended("joinings_left")
    assert onboarding_read.joining_in_session(row.public_id) is None
    with pytest.raises(JoiningPhoneWrong):
        joining_services.find_joining(reference=row.reference, phone="13900050000", actor=CENTRE)
    with pytest.raises(StalePage):
        joining_services.save_answers(
            joining=row,
            version=row.version,
            question=Question.CONTACT,
            answers={"contact_name": "测试甲"},
            actor=CENTRE,
        )
    with pytest.raises(KeyDestroyed):
        assert Document.objects.get(joining=row).content
    assert row not in onboarding_read.visible_joinings(CENTRE)
    assert Joining.objects.get().state == JoiningState.CORRECTION


def test_an_order_is_unknown() -> None:
    row = ended("order_particulars")
    with pytest.raises(VerifyOrderUnknown):
        orders.order_of(order_id=row.public_id)


def test_a_list_says_nothing_of_anybody_and_its_counter_has_nobody_left() -> None:
    lists = ended("list_particulars_left")
    refused, unnamed = lists.rows.order_by("line")
    assert {refused.content, unnamed.content, refused.local_index, unnamed.local_index} == {None}
    assert (refused.given, refused.state, unnamed.state) == ({}, RowState.REFUSED, RowState.UNNAMED)
    with pytest.raises(BatchRowTaken):
        batch_counter._issue(unnamed, basics.PERSON, "", CENTRE, reason="came at last")
    assert not Card.objects.exists()


def test_a_draft_that_nobody_finished_is_taken_back_and_makes_room_for_another() -> None:
    row = ended("drafts")
    assert (row.state, row.decided_at) == (ApplicationState.WITHDRAWN, row.shredded_at)
    with pytest.raises(KeyDestroyed):
        assert row.name
    assert CardApplication.objects.create(account=row.account, channel=row.channel).state == "draft"


# Persons whose card ended long ago


def cancelled(years: float) -> Card:
    """A card cancelled so long ago, of somebody whom nobody holds."""
    with time_machine.travel(clock.now() - timedelta(days=365 * years), tick=False):
        holder = card_holder()
        identity_services.end_all_of(account_pk=holder.account.pk, actor=CENTRE, reason="tests")
        life.cancel_card(card_pk=holder.card.pk, reason="tests", actor=CENTRE)
    return Card.objects.get(pk=holder.card.pk)


def test_five_years_after_the_last_card_a_person_whom_nobody_needs_is_shredded() -> None:
    card = cancelled(5.1)
    assert retention.apply_retention().done["persons_without_card"] == 1
    with pytest.raises(PersonErased):
        mpi.particulars(card.person_id)
    assert AuditEntry.objects.filter(action="person.erased").count() == 1
    assert retention.apply_retention().done["persons_without_card"] == 0
    # The number stays, so that it is refused for good.
    assert (Card.objects.get().state, card.numbers.count()) == (CardState.CANCELLED, 1)


def test_before_that_the_person_stays() -> None:
    card = cancelled(4.9)
    assert retention.apply_retention().done["persons_without_card"] == 0
    assert mpi.particulars(card.person_id).name == "测试甲"


@pytest.mark.parametrize("need", ["hold", "treat", "card"])
def test_a_person_whom_somebody_holds_or_treats_or_who_has_another_card_stays(need: str) -> None:
    card = cancelled(5.1)
    if need == "hold":
        identity_services.open_self_holding(
            account_pk=basics.account().pk, person_pk=card.person_id, evidence=basics.EVIDENCE, actor=CENTRE
        )
    elif need == "treat":
        mpi_services.link_source_record(person_pk=card.person_id, source=basics.ID, local_id="P1")
    else:
        again = kinds.issue_again(card.person_id)
        life.cancel_card(card_pk=again.pk, reason="tests", actor=CENTRE)
    assert retention.apply_retention().done["persons_without_card"] == 0
    assert mpi.particulars(card.person_id).name == "测试甲"
    assert timedelta(days=5 * 365) == periods.CANCELLED_CARD


# Rotation of keys


def silent(_line: str) -> None:
    """Take the progress and say nothing."""


def test_the_keys_are_rotated_past_every_kind_of_shredded_row() -> None:
    for kind in (
        "answers",
        "drafts",
        "physical_cards",
        "pre_registration_particulars",
        "list_particulars",
        "order_particulars",
        "joinings_refused",
        "merchants_refused",
    ):
        ended(kind)
    cancelled(5.1)
    retention.apply_retention()
    keystore.rotate(Purpose.DATA)
    out = io.StringIO()
    call_command("reencrypt_fields", stdout=out, stderr=io.StringIO())
    assert "cards.PhysicalCard: 1 seen, 0 changed, 0 with a destroyed key." in out.getvalue()
    call_command("reencrypt_fields", stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines()[-1].endswith(" 0 changed.")


def test_the_index_of_a_shredded_physical_card_is_passed_over_and_counted() -> None:
    ended("physical_cards")
    of_cards.physical(PhysicalState.REGISTERED)
    keystore.prepare(Purpose.INDEX)
    assert reindexing.fill(report=silent) == Moved(changed=1, destroyed=1)


def test_the_emptied_index_of_a_shredded_merchant_needs_nothing() -> None:
    ended("merchants_refused")
    keystore.prepare(Purpose.INDEX)
    assert reindexing.fill(report=silent) == Moved()


def test_the_indexes_of_persons_are_exchanged_past_one_whose_card_ended_long_ago() -> None:
    cancelled(5.1)
    retention.apply_retention()
    keystore.prepare(Purpose.INDEX)
    reindexing.fill(report=silent)
    moves = reindexing.progress("index-2")
    assert {move.model for move in moves if move.destroyed} == {"cards.CardNumber"}
    assert {move.model for move in moves if move.changed} == {"accounts.SignInMethod"}
