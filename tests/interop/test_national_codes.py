"""generate and verify, in clear and encrypted, as programs of the national SDK call them."""

from datetime import timedelta
from typing import Any

import pytest

from cards.models import UsageRecord
from cards.rules.codes import emit_temporary
from cards.services import life, temporary
from cards.services.binding import bind_card
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions import selectors as institutions
from tests.cards.world import CENTRE, Holder, code_of, holder, set_rules, static_of
from tests.crossdomain.world import FOREIGN_CARD, foreign_code, national
from tests.interop.answers import refused_by_sdk as refused
from tests.interop.sdk_programs import (
    PERSON,
    DesktopProgram,
    EncryptingProgram,
    SdkProgram,
    by_number,
    numbered,
)
from tests.interop.world import TERMINAL, Place
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-11")]
KINDS = [lambda sdk: sdk, EncryptingProgram, DesktopProgram]


# generate and verify


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_is_made_and_verified_once(place: Place, sdk: SdkProgram, patient: Holder, kind: Any) -> None:
    program = kind(sdk)
    made = program.ok("generate", numbered("generate", **by_number(patient)))
    assert set(made) == {"ehealth_code", "begin_time", "end_time"}
    assert made["ehealth_code"].startswith(f"{patient.number.value}:0:")
    assert 0 < int(made["end_time"]) - int(made["begin_time"]) <= 600_000
    answer = program.ok("verify", {"ehealth_code": made["ehealth_code"]})
    assert set(answer) == {
        *("ehealth_card_id", "mindex_id", "code_type", "document_required", "masked", "usage_id"),
        *PERSON,
    }
    assert (answer["code_type"], answer["document_required"], answer["masked"]) == ("0", "0", "0")
    assert (answer["name"], answer["id_no"]) == ("测试甲", patient.id_number)
    row = UsageRecord.objects.get()
    assert (row.public_id, row.operation, row.kind) == (answer["usage_id"], "national.verify", "direct")
    assert (row.client, row.institution, row.terminal) == (place.client, place.public_id, TERMINAL)
    refused(program.call("verify", {"ehealth_code": made["ehealth_code"]}), "code_used")
    other = Place()
    refused(
        other.sdk_program(other.client).call("verify", {"ehealth_code": made["ehealth_code"]}), "code_used"
    )
    assert UsageRecord.objects.count() == 1


def test_the_code_of_the_residents_phone_is_verified(sdk: SdkProgram, who: Holder) -> None:
    assert sdk.ok("verify", {"ehealth_code": code_of(who)})["ehealth_card_id"] == who.number.value


def test_a_static_code_is_taken_as_at_registration_and_more_than_once(sdk: SdkProgram, who: Holder) -> None:
    for text in (static_of(who), who.number.value.lower(), f"\x02{static_of(who)}\r\n".strip()):
        answer = sdk.ok("verify", {"ehealth_code": text.strip("\x02")})
        assert (answer["code_type"], answer["document_required"]) == ("1", "1")
    assert set(UsageRecord.objects.values_list("scene", flat=True)) == {"010101"}
    life.switch_static_code(card_pk=who.card.pk, enabled=False, actor=CENTRE)
    refused(sdk.call("verify", {"ehealth_code": static_of(who)}), "static_code_switched_off")


def test_where_the_centre_takes_no_static_codes_none_opens_anything(sdk: SdkProgram, who: Holder) -> None:
    set_rules(static_allowed=False)
    refused(sdk.call("verify", {"ehealth_code": static_of(who)}), "static_code_not_allowed")


def test_a_temporary_card_is_verified_and_has_no_dynamic_codes(place: Place, sdk: SdkProgram) -> None:
    actor = Actor(kind=ActorKind.CLIENT, id=place.client, institution=place.public_id)
    pk = institutions.visible(actor).get().pk
    issued = temporary.register_temporary(patient_id="ER1", institution_pk=pk, actor=actor)
    number = issued.card.numbers.get().value
    answer = sdk.ok("verify", {"ehealth_code": emit_temporary(number)})
    assert (answer["code_type"], answer["document_required"]) == ("9", "1")
    assert int(sdk.ok("query", {"ehealth_card_id": number})["valid_until"]) > clock.now().timestamp() * 1000
    content = numbered("generate", ehealth_card_id=number)
    refused(sdk.call("generate", content), "temporary_code_only")


@pytest.mark.parametrize("method", ["generate", "alterinfo", "close"])
def test_only_the_institutions_own_patients(sdk: SdkProgram, who: Holder, method: str) -> None:
    refused(sdk.call(method, numbered(method, **by_number(who, gender="1"))), "person_not_bound")
    other = Place()
    actor = Actor(kind=ActorKind.CLIENT, id=other.client, institution=other.public_id)
    bind_card(card_pk=who.card.pk, actor=actor)
    refused(sdk.call(method, numbered(method, **by_number(who, gender="1"))), "person_not_bound")
    stranger = numbered(method, ehealth_card_id="A" * 64, gender="1")
    refused(sdk.call(method, stranger), "card_unknown")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("A" * 64 + ":0:" + "B" * 32 + "::35020001001", "code_foreign"),
        ("A" * 64 + ":0:" + "B" * 32, "code_foreign"),
        ("A" * 64 + ":0:" + "B" * 32 + "::11010100001", "code_forged"),
        ("https://example.com/", "code_malformed"),
        ("A" * 200, "code_too_long"),
        ("A" * 24, "city_card_not_accepted"),
        ("A" * 64 + ":9", "temporary_card_not_accepted"),
        ("A" * 64 + ":1", "card_unknown"),
        ("", "national_missing_parameter"),
        ("A" * 4_001, "national_bad_parameter"),
        (["A"], "national_bad_parameter"),
        (7, "code_malformed"),
    ],
)
def test_other_texts_are_told_apart(sdk: SdkProgram, text: Any, error: str) -> None:
    refused(sdk.call("verify", {"ehealth_code": text}), error)
    assert not UsageRecord.objects.exists()


def test_a_code_is_good_in_its_window_alone(sdk: SdkProgram, who: Holder) -> None:
    for seconds, error in ((-90, "code_expired"), (90, "code_not_yet_valid")):
        text = code_of(who, at=clock.now() + timedelta(seconds=seconds))
        refused(sdk.call("verify", {"ehealth_code": text}), error)


def test_a_code_mixed_from_two_is_forged(sdk: SdkProgram, who: Holder) -> None:
    own, other = code_of(who).split(":"), code_of(holder()).split(":")
    refused(sdk.call("verify", {"ehealth_code": ":".join([other[0], *own[1:]])}), "code_forged")


def test_a_card_that_is_not_in_use_verifies_nothing(sdk: SdkProgram, patient: Holder) -> None:
    life.freeze_card(card_pk=patient.card.pk, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": code_of(patient)}), "card_frozen")
    life.report_loss(card_pk=patient.card.pk, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": code_of(patient)}), "card_lost")
    assert sdk.ok("query", by_number(patient))["card_state"] == "2"


@pytest.mark.row("CC-03")
def test_a_code_of_another_centre_is_verified_there(sdk: SdkProgram, sandbox: Sandbox) -> None:
    national(sandbox)
    for program in (sdk, EncryptingProgram(sdk)):
        found = program.ok("verify", {"ehealth_code": foreign_code("99999900001")})
        assert (found["name"], found["ehealth_card_id"]) == ("国示范", FOREIGN_CARD)
    for issuer, error in (
        ("88888800001", "route_unknown"),
        ("99999900008", "route_loop"),
        ("99999900009", "issuer_no_answer"),
        ("99999900010", "code_used"),
        ("99999900006", "foreign_answer_untrusted"),
    ):
        refused(sdk.call("verify", {"ehealth_code": foreign_code(issuer)}), error)
