"""Verifying codes: what is forged, foreign or out of use is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cards import errors
from cards.rules import codes, derivation
from cards.rules.policy import CodeKind
from cards.services import life
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.core.errors import DomainError, TooManyRequests
from gmcrypto import keystore
from gmcrypto.keyring import Purpose
from tests.cards.world import (
    CENTRE,
    Holder,
    Hospital,
    code_of,
    scan,
    set_rules,
    static_of,
    uses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-01")]

NOON = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


# Forged, foreign, misshapen


def test_a_forged_code_is_refused_recorded_and_after_some_held_up(here: Hospital, somebody: Holder) -> None:
    set_rules(forged_per_minute=3)
    text = code_of(somebody)
    forged = text.replace(text.split(":")[3], "1" + "0" * 17)
    for _ in range(3):
        with pytest.raises(errors.CodeForged):
            scan(forged, here)
    with pytest.raises(TooManyRequests):
        scan(forged, here)
    scan(text, here)
    assert AuditEntry.objects.filter(action="code.refused", actor_id=here.caller.public_id).count() == 3
    assert uses() == 1


def test_our_own_number_without_a_token_is_a_forgery(here: Hospital, somebody: Holder) -> None:
    card, kind, block, _token, issuer = code_of(somebody).split(":")
    with pytest.raises(errors.CodeForged):
        scan(f"{card}:{kind}:{block}::{issuer}", here)


def test_the_block_of_another_code_does_not_lengthen_this_one(here: Hospital, somebody: Holder) -> None:
    old, new = (
        code_of(somebody, at=NOON).split(":"),
        code_of(somebody, at=NOON + timedelta(hours=1)).split(":"),
    )
    with (
        time_machine.travel(NOON + timedelta(hours=1), tick=False),
        pytest.raises(errors.CodeForged),
    ):
        scan(":".join([*old[:2], new[2], *old[3:]]), here)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ("{card}:0:{block}::35020001001", errors.CodeForeign),
        ("{card}:0:{block}", errors.CodeForeign),
        ("{card}:1:::35020001001", errors.CodeForeign),
        ("{card}:9", errors.TemporaryCardNotAccepted),
        ("A1234567890123456789012B", errors.CityCardNotAccepted),
        ("https://example.org", errors.CodeMalformed),
        ("{card}" * 3, errors.CodeTooLong),
    ],
)
def test_what_is_not_ours_is_named_and_refused(
    here: Hospital, somebody: Holder, shape: str, error: type[DomainError]
) -> None:
    text = shape.format(card=somebody.number.value, block="92FD69141DFE1553A42251E2B0196148")
    with pytest.raises(error):
        scan(text, here, scene="010101")
    assert uses() == 0


def test_a_number_that_no_card_has_is_unknown(here: Hospital) -> None:
    with pytest.raises(errors.CardUnknown):
        scan("0" * 64, here, scene="010101")


# Keys


def test_codes_outlive_the_rotation_of_their_keys(here: Hospital, somebody: Holder) -> None:
    texts = [code_of(somebody) for _ in range(2)]
    for purpose in (Purpose.TOKEN_MAC, Purpose.VALIDITY):
        keystore.rotate(purpose)
    texts.append(code_of(somebody))
    assert {text.split(":")[3][0] for text in texts} == {"1", "2"}
    for text in texts:
        scan(text, here)


def test_a_key_retired_long_ago_proves_nothing(here: Hospital, somebody: Holder) -> None:
    with time_machine.travel(NOON, tick=False):
        keystore.rotate(Purpose.TOKEN_MAC)
    later = NOON + timedelta(hours=1)
    old = keystore.by_version(Purpose.TOKEN_MAC, 1)
    text = codes.emit_dynamic(
        card_id=somebody.number.value,
        block=derivation.validity_block(keystore.active(Purpose.VALIDITY).secret, later),
        nonce=1,
        issuer="11010100001",
        key_version=1,
        mac_key=old.secret,
    )
    with time_machine.travel(later, tick=False), pytest.raises(errors.CodeForged):
        scan(text, here)


# The card


@pytest.mark.parametrize("kind", list(CodeKind)[:2])
def test_a_frozen_card_is_refused_and_its_code_not_consumed(
    here: Hospital, somebody: Holder, kind: CodeKind
) -> None:
    text = code_of(somebody) if kind is CodeKind.DYNAMIC else static_of(somebody)
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with pytest.raises(errors.CardFrozen):
        scan(text, here, scene="010101")
    assert uses() == 0
    life.unfreeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    scan(text, here, scene="010101")


@pytest.mark.parametrize(
    ("state", "error"), [(CardState.LOST, errors.CardLost), (CardState.CANCELLED, errors.CardCancelled)]
)
def test_the_code_of_a_card_that_is_gone_is_refused(
    here: Hospital, somebody: Holder, state: str, error: type[DomainError]
) -> None:
    text = code_of(somebody)
    type(somebody.card).objects.filter(pk=somebody.card.pk).update(state=state)
    with pytest.raises(error):
        scan(text, here)
    assert uses() == 0


def test_a_superseded_number_still_resolves_and_a_revoked_one_is_refused(
    here: Hospital, somebody: Holder
) -> None:
    numbers = type(somebody.number).objects.filter(pk=somebody.number.pk)
    numbers.update(state=NumberState.SUPERSEDED)
    scan(code_of(somebody), here)
    numbers.update(state=NumberState.REVOKED)
    with pytest.raises(errors.CardNumberRevoked):
        scan(code_of(somebody), here)
