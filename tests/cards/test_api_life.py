"""What institutions do to the cards of their patients: loss, re-issue, end, particulars."""

from typing import Any

import pytest

from cards.models import Card
from cards.services import life, numbers
from cards.services.binding import bind_card
from cards.states import NumberState
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.gateway.caller import actor_of_caller
from mpi import selectors as mpi
from tests.cards import world
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Holder, Hospital
from tests.sandbox_server import Sandbox

REASON = {"reason": "本人持证件来院办理"}
STAFF = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(transactional_db: None) -> Hospital:
    return world.hospital()


@pytest.fixture
def patient(here: Hospital) -> Holder:
    who = world.holder()
    bind_card(card_pk=who.card.pk, actor=actor_of_caller(here.caller))
    return who


def send(
    where: Hospital, who: Holder, what: str, body: Any = None, *, key: str = "", method: str = "POST"
) -> Any:
    path = f"/api/v1/cards/{who.number.value}/{what}"
    return call(where, path, REASON | (body or {}), key=key or new_key(), method=method)


@pytest.mark.row("ID-14")
def test_a_window_reports_a_loss_and_the_card_is_refused_at_once(here: Hospital, patient: Holder) -> None:
    text = world.code_of(patient)
    answer = send(here, patient, "loss")
    assert (answer.status_code, answer.json()["state"], answer.json()["person"]) == (200, "lost", None)
    asked = {"code": text, "scene": "0101012", "terminal_id": "W01"}
    refused = call(here, "/api/v1/codes/verify", asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "card_lost")
    assert send(here, patient, "loss/withdraw").json()["state"] == "active"
    assert call(here, "/api/v1/codes/verify", asked).status_code == 200
    entry = AuditEntry.objects.get(action="card.loss_reported")
    assert (entry.institution, entry.reason) == (here.public_id, REASON["reason"])


@pytest.mark.row("ID-14")
@pytest.mark.row("ID-11")
def test_a_window_re_issues_against_the_certificate_and_a_repeat_changes_nothing(
    here: Hospital, patient: Holder
) -> None:
    body = {"id_type": "01", "id_number": patient.id_number}
    key = new_key()
    first, again = (send(here, patient, "reissue", body, key=key) for _ in range(2))
    assert first.status_code == 200
    assert again.content == first.content
    new = first.json()["health_card_id"]
    assert new != patient.number.value
    later = send(here, patient, "reissue", body)
    assert later.json()["health_card_id"] == new
    assert patient.card.numbers.count() == 2
    read = call(here, f"/api/v1/cards/{patient.number.value}", method="GET")
    assert (read.status_code, read.json()["code"]) == (409, "card_number_revoked")


@pytest.mark.row("ID-14")
def test_an_institution_uses_up_one_key_a_year_and_a_real_loss_finds_another(
    here: Hospital, patient: Holder
) -> None:
    body = {"id_type": "01", "id_number": patient.id_number}
    new = send(here, patient, "reissue", body).json()["health_card_id"]
    path = f"/api/v1/cards/{new}/reissue"
    other = world.hospital()
    bind_card(card_pk=patient.card.pk, actor=actor_of_caller(other.caller))
    for where in (here, other):
        refused = call(where, path, REASON | body, key=new_key())
        assert (refused.status_code, refused.json()["code"]) == (409, "reissued_lately")
        assert "挂失" in refused.json()["next_step"]
    assert patient.card.numbers.count() == 2
    numbers.reissue_number(card_pk=patient.card.pk, reason="遗失", actor=STAFF)
    assert patient.card.numbers.count() == 3


def test_a_re_issue_with_somebody_elses_certificate_is_refused(here: Hospital, patient: Holder) -> None:
    other = world.holder()
    for id_number in (other.id_number, world.citizen_number()):
        answer = send(here, patient, "reissue", {"id_type": "01", "id_number": id_number})
        assert (answer.status_code, answer.json()["code"]) == (409, "certificate_disagrees")
    assert patient.card.numbers.get() == patient.number


@pytest.mark.row("ID-14")
def test_an_institution_touches_its_own_patients_only(here: Hospital) -> None:
    stranger = world.holder()
    certificate = {"id_type": "01", "id_number": stranger.id_number}
    for what, body in (("loss", {}), ("cancel", {}), ("loss/withdraw", {}), ("reissue", certificate)):
        answer = send(here, stranger, what, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "person_not_bound")
    answer = send(here, stranger, "person", {"address": "测试路9号"}, method="PATCH")
    assert answer.json()["code"] == "person_not_bound"
    assert Card.objects.get(pk=stranger.card.pk).state == "active"


def test_each_scope_opens_its_own_part(patient: Holder) -> None:
    reader = world.hospital(scopes=("card:read", "card:update"))
    assert send(reader, patient, "loss").json()["code"] == "scope_missing"
    keeper = world.hospital(scopes=("card:manage",))
    answer = send(keeper, patient, "person", {"address": "测试路9号"}, method="PATCH")
    assert answer.json()["code"] == "scope_missing"


def test_what_the_centre_stopped_a_window_does_not_start(here: Hospital, patient: Holder) -> None:
    life.freeze_card(card_pk=patient.card.pk, reason="接到举报", actor=STAFF)
    assert send(here, patient, "loss").json()["code"] == "card_held_by_centre"


def test_a_cancelled_card_is_over(here: Hospital, patient: Holder) -> None:
    assert send(here, patient, "cancel").json()["state"] == "cancelled"
    assert send(here, patient, "loss").json()["code"] == "card_move_refused"


@pytest.mark.row("ID-14")
def test_phone_and_address_are_changed_and_the_next_scan_tells_them(here: Hospital, patient: Holder) -> None:
    answer = send(here, patient, "person", {"phone": "13800000000", "address": "测试路9号"}, method="PATCH")
    assert (answer.status_code, answer.json()["health_card_id"]) == (200, patient.number.value)
    told = call(
        here,
        "/api/v1/codes/verify",
        {"code": world.static_of(patient), "scene": "0101012", "terminal_id": "W01"},
    ).json()
    assert (told["person"]["phone"], told["person"]["address"]) == ("13800000000", "测试路9号")
    wrong = send(here, patient, "person", {"phone": "12"}, method="PATCH")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "phone")
    assert send(here, patient, "person", method="PATCH").status_code == 400


@pytest.mark.row("ID-14")
def test_another_name_is_checked_gives_another_number_and_the_old_one_resolves(
    here: Hospital, patient: Holder, sandbox: Sandbox
) -> None:
    answer = send(here, patient, "person", {"name": "测试乙"}, method="PATCH")
    assert answer.status_code == 200, answer.json()
    new = answer.json()["health_card_id"]
    assert new != patient.number.value
    assert answer.json()["person"]["name"] == "测试乙"
    read = call(here, f"/api/v1/cards/{patient.number.value}", method="GET").json()
    assert (read["health_card_id"], read["superseded_by"]) == (patient.number.value, new)
    assert call(here, f"/api/v1/cards/{new}", method="GET").json()["superseded_by"] is None


def test_another_certificate_that_belongs_to_another_name_changes_nothing(
    here: Hospital, patient: Holder, sandbox: Sandbox
) -> None:
    # The sandbox's population database knows this number by another name.
    body = {"id_type": "01", "id_number": "110100199001019910"}
    answer = send(here, patient, "person", body, method="PATCH")
    assert (answer.status_code, answer.json()["code"]) == (422, "real_name_mismatch")
    assert mpi.particulars(patient.card.person_id).id_number == patient.id_number


def test_without_an_answer_nobody_gets_another_name(
    here: Hospital, patient: Holder, without_population: None
) -> None:
    answer = send(here, patient, "person", {"name": "测试乙"}, method="PATCH")
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_unconfirmed")
    assert patient.card.numbers.get(state=NumberState.CURRENT) == patient.number


@pytest.fixture
def without_population(settings: Any) -> None:
    """Nobody listens where the population database should be."""
    settings.POPULATION_BASE = "http://127.0.0.1:9"
