"""The SDK's calls about cards, certificates and people without papers, against the real interface."""

from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django.live_server_helper import LiveServer

import sdk
from cards.models import Card
from cards.services import visits
from cards.services.binding import bind_card
from cards.services.handover import make_claim_code
from foundation.core import clock
from foundation.gateway.caller import actor_of_caller
from tests.cards.families import number_of, years_ago
from tests.cards.holding import card_holder
from tests.cards.world import Hospital, citizen_number, code_of, holder, hospital, static_of
from tests.sandbox_server import Sandbox
from tests.sdk.test_platform import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(transactional_db: None) -> Hospital:
    return hospital()


@pytest.fixture
def ehc(live_server: LiveServer, place: Hospital) -> sdk.Client:
    return client_of(live_server, place)


def registered(ehc: sdk.Client, number: str = "") -> sdk.RegisteredCard:
    return ehc.register_card(name="测试甲", id_type="01", id_number=number or citizen_number())


@pytest.mark.row("ID-14")
def test_from_loss_to_another_number_to_the_end(ehc: sdk.Client, sandbox: Sandbox) -> None:
    number = citizen_number()
    first = registered(ehc, number)
    lost = ehc.report_loss(first.health_card_id, reason="患者来电挂失")
    assert (lost.state, lost.person) == ("lost", None)
    with pytest.raises(sdk.CardNotInUse):
        ehc.verify(str(first.static_code), scene="0101012", terminal_id="W01")
    assert ehc.withdraw_loss(first.health_card_id, reason="卡已找回").state == "active"
    with pytest.raises(sdk.Conflict) as refused:
        ehc.withdraw_loss(first.health_card_id, reason="卡已找回")
    assert refused.value.code == "card_move_refused"
    second = ehc.reissue_card(first.health_card_id, id_type="01", id_number=number, reason="窗口补领")
    assert second.health_card_id != first.health_card_id
    with pytest.raises(sdk.CardNotInUse) as revoked:
        ehc.verify(str(first.static_code), scene="0101012", terminal_id="W01")
    assert revoked.value.code == "card_number_revoked"
    assert ehc.cancel_card(second.health_card_id, reason="患者要求注销").state == "cancelled"


@pytest.mark.row("ID-14")
def test_another_name_gives_another_number_and_the_old_one_points_to_it(
    ehc: sdk.Client, sandbox: Sandbox
) -> None:
    card = registered(ehc)
    moved = ehc.update_particulars(card.health_card_id, reason="更正联系方式", phone="13900000009")
    assert moved.person is not None
    assert (moved.health_card_id, moved.person.phone) == (card.health_card_id, "13900000009")
    named = ehc.update_particulars(card.health_card_id, reason="派出所更名", name="测试乙")
    assert named.superseded_by is None
    old = ehc.read_card(card.health_card_id)
    assert old.superseded_by == named.health_card_id
    with pytest.raises(sdk.InvalidRequest):
        ehc.update_particulars(card.health_card_id, reason="什么也没有改")


@pytest.mark.row("ID-14")
def test_a_card_of_another_hospitals_patient_is_left_alone(ehc: sdk.Client) -> None:
    with pytest.raises(sdk.ClientRefused) as refused:
        ehc.report_loss(holder().number.value, reason="患者来电挂失")
    assert refused.value.code == "person_not_bound"
    assert Card.objects.get().state == "active"


@pytest.mark.row("ID-15")
def test_a_certificate_is_linked_and_taken_out(ehc: sdk.Client, sandbox: Sandbox) -> None:
    card = registered(ehc)
    until = clock.beijing(clock.now()).date() + timedelta(days=365)
    linked = ehc.link_certificate(
        card.health_card_id,
        kind="vaccination",
        number="V20260001",
        issuer="示范区疾控中心",
        valid_until=until,
    )
    assert (linked.state, linked.valid_until) == ("linked", until)
    assert linked.number != "V20260001"
    gone = ehc.unlink_certificate(card.health_card_id, linked.id, reason="证件已注销")
    assert (gone.id, gone.state) == (linked.id, "unlinked")
    with pytest.raises(sdk.InvalidRequest) as refused:
        ehc.link_certificate(card.health_card_id, kind="driving", number="V1", issuer="示范")
    assert refused.value.field == "kind"


@pytest.mark.row("ID-07")
def test_twins_get_a_card_each_and_a_repeat_gets_the_same(ehc: sdk.Client, sandbox: Sandbox) -> None:
    mother = ehc.register_card(name="测试甲", id_type="01", id_number=number_of(years_ago(30), sex=2))
    birth = {
        "mother": sdk.Mother(health_card_id=mother.health_card_id),
        "birth_record": "B20260001",
        "parity": 1,
        "birth_date": clock.beijing(clock.now()).date(),
        "gender": "2",
    }
    first, second = (ehc.register_newborn(**birth, order=order) for order in (1, 2))  # type: ignore[arg-type]
    again = ehc.register_newborn(**birth)  # type: ignore[arg-type]
    assert (first.created, second.created, again.created) == (True, True, False)
    assert first.health_card_id == again.health_card_id != second.health_card_id
    assert not first.held_by_mother
    with pytest.raises(sdk.EhcError) as refused:
        ehc.register_newborn(
            **birth | {"mother": sdk.Mother(health_card_id=holder().number.value)}  # type: ignore[arg-type]
        )
    assert refused.value.code == "person_not_bound"


@pytest.mark.row("ID-08")
def test_a_temporary_card_has_a_deadline_and_becomes_an_ordinary_one(
    ehc: sdk.Client, sandbox: Sandbox
) -> None:
    card = ehc.register_temporary_card(patient_id="ER0001", gender="1")
    assert card.valid_until is not None
    assert str(card.static_code).endswith(":9")
    assert not ehc.register_temporary_card(patient_id="ER0001").created
    number = citizen_number()
    named = ehc.update_particulars(
        card.health_card_id, reason="家属送来身份证", name="测试甲", id_type="01", id_number=number
    )
    assert (named.valid_until, named.person and named.person.id_number) == (None, number)
    assert ehc.read_card(card.health_card_id).superseded_by == named.health_card_id


@pytest.mark.row("ID-18")
def test_a_card_is_claimed_once_by_the_code_of_its_holder(ehc: sdk.Client, place: Hospital) -> None:
    with transaction.atomic():
        who = card_holder()
    code = make_claim_code(
        account_pk=who.account.pk,
        card_id=who.card.public_id,
        institution=place.public_id,
        client=place.caller.public_id,
        actor=who.actor,
    )
    claimed = ehc.claim_card(code, patient_id="P1")
    assert claimed.is_self
    assert claimed.person is not None
    assert claimed.person.id_number == who.id_number
    with pytest.raises(sdk.EhcError) as again:
        ehc.claim_card(code)
    assert again.value.code == "claim_code_invalid"


@pytest.mark.row("CC-01")
def test_what_stands_behind_a_printed_slip(ehc: sdk.Client, place: Hospital) -> None:
    actor = actor_of_caller(place.caller)
    code = visits.keep_slip(card_pk=None, fields={"registerId": "R1"}, actor=actor)
    assert ehc.read_slip(code) == {"registerId": "R1"}
    with pytest.raises(sdk.NotFound):
        ehc.read_slip("0" * 20)


@pytest.mark.row("CC-12")
def test_an_upload_says_of_each_use_what_became_of_it(ehc: sdk.Client, place: Hospital) -> None:
    who = holder()
    bind_card(card_pk=who.card.pk, actor=actor_of_caller(place.caller))
    text = code_of(who)
    ehc.verify(text, scene="0101012", terminal_id="W01")
    uses = [
        sdk.Use(id="u-1", scene="010103", code=text, terminal_id="W01"),
        sdk.Use(id="u-2", scene="0101082", health_card_id=who.number.value, occurred_at=clock.now()),
        sdk.Use(id="u-3", scene="0101082", health_card_id="0" * 64),
        sdk.Use(id="u-4", scene="0101012", code=static_of(who), health_card_id=who.number.value),
    ]
    done = ehc.upload_usage(uses)
    assert [each.result for each in done.results] == ["recorded", "recorded", "refused", "refused"]
    assert (done.recorded, done.refused, done.results[0].kind) == (2, 2, "direct")
    assert done.results[2].code == "card_unknown"
    assert done.results[3].field == "code"
    again = ehc.upload_usage(uses[:2])
    assert (again.repeated, again.recorded) == (2, 0)
    assert again.results[0].usage_id == done.results[0].usage_id
