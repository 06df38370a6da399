"""The fourteen kinds of certificates that are joined in one card (ID-15)."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cards.errors import CertificateDecided, CertificateTaken, TooManyCertificates
from cards.models import LinkedCertificate
from cards.rules.certificates import KINDS, MOST_PER_PERSON
from cards.services import certificates
from cards.services.binding import bind_card
from cards.states import CertificateState
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events.models import OutboxMessage
from foundation.gateway.caller import actor_of_caller
from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Role
from privacy.services import retention
from tests.accounts.people import signed_in
from tests.cards import world
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_institution import call, new_key
from tests.cards.test_moves import api
from tests.institutions import people
from tests.institutions.test_admin import submit

NUMBER = "V20260001"
BODY: dict[str, Any] = {"kind": "vaccination", "number": NUMBER, "issuer": "示范区疾控中心"}
LIST = "/card/certificates/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> CardHolder:
    """A holder whom somebody has looked at: level 2."""
    who = card_holder()
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.FACE, actor=CENTRE
    )
    return who


@pytest.fixture
def page(client: Client, holder: CardHolder) -> Client:
    return signed_in(client, holder.account)


@pytest.fixture
def here(holder: CardHolder) -> world.Hospital:
    """A hospital that knows the holder."""
    where = world.hospital(short_name="示范一院")
    bind_card(card_pk=holder.card.pk, actor=actor_of_caller(where.caller))
    return where


def send(where: world.Hospital, who: CardHolder, body: Any, *, more: str = "", key: str = "") -> Any:
    path = f"/api/v1/cards/{who.card.numbers.get().value}/certificates{more}"
    return call(where, path, body, key=key or new_key())


def claim(who: CardHolder, number: str = NUMBER, kind: str = "vaccination") -> LinkedCertificate:
    return certificates.claim_certificate(
        person_pk=who.card.person_id, kind=kind, number=number, issuer="示范区疾控中心", actor=who.actor
    )


def test_there_are_the_fourteen_kinds_that_the_notice_names() -> None:
    assert len(KINDS) == 14
    assert {"医院就诊卡", "献血证", "护士职业资格证", "计划生育服务证"} <= {
        str(name) for name in KINDS.values()
    }


@pytest.mark.row("ID-15")
def test_an_institution_links_a_certificate_and_the_holder_sees_it_masked(
    page: Client, holder: CardHolder, here: world.Hospital
) -> None:
    key = new_key()
    first, again = (send(here, holder, BODY | {"valid_until": "2030-01-01"}, key=key) for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    assert first.json()["state"] == "linked"
    assert NUMBER not in first.content.decode()
    text = page.get(LIST).content.decode()
    assert "疫苗接种卡" in text
    assert "示范区疾控中心" in text
    assert NUMBER not in text
    (told,) = api(page, "get", "card/certificates").json()
    assert (told["kind"], told["valid_until"]) == ("vaccination", "2030-01-01")
    event = OutboxMessage.objects.get(topic="certificate.linked.v1")
    assert NUMBER not in str(event.__dict__) + str(
        AuditEntry.objects.get(action="certificate.linked").__dict__
    )
    history = page.get("/card/history/").content.decode()
    assert "关联证件：疫苗接种卡" in history
    assert "示范一院" in history


@pytest.mark.row("ID-15")
def test_another_end_of_validity_is_recorded_and_the_same_end_is_not(
    holder: CardHolder, here: world.Hospital
) -> None:
    for until in ("2030-01-01", "2030-01-01", "2031-06-30", None):
        assert send(here, holder, BODY | {"valid_until": until}).status_code in {200, 201}
    certificate = LinkedCertificate.objects.get()
    assert certificate.valid_until == date(2031, 6, 30)
    entry = AuditEntry.objects.get(action="certificate.validity_changed")
    assert (entry.subject_id, entry.institution) == (certificate.public_id, here.public_id)
    assert entry.details == {"kind": "vaccination", "before": "2030-01-01", "after": "2031-06-30"}


def test_a_certificate_of_somebody_else_is_refused(holder: CardHolder, here: world.Hospital) -> None:
    other = world.holder()
    certificates.link_certificate(person_pk=other.card.person_id, actor=CENTRE, **BODY)
    answer = send(here, holder, BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "certificate_taken")
    assert not LinkedCertificate.objects.filter(person=holder.card.person_id).exists()


def test_two_hospitals_may_give_out_the_same_patient_number(holder: CardHolder) -> None:
    for issuer, who in (("示范一院", world.holder().card), ("示范二院", holder.card)):
        certificates.link_certificate(
            person_pk=who.person_id, kind="patient_card", number="P0001", issuer=issuer, actor=CENTRE
        )
    with pytest.raises(CertificateTaken):
        certificates.link_certificate(
            person_pk=world.holder().card.person_id,
            kind="patient_card",
            number="P0001",
            issuer="示范一院",
            actor=CENTRE,
        )


@pytest.mark.row("ID-15")
def test_strangers_and_clients_without_the_scope_link_nothing(holder: CardHolder) -> None:
    stranger = world.hospital()
    assert send(stranger, holder, BODY).json()["code"] == "person_not_bound"
    reader = world.hospital(scopes=("card:read",))
    assert send(reader, holder, BODY).json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"kind": "passport"}, "kind"), ({"number": "无"}, "number"), ({"issuer": ""}, "issuer")],
)
def test_what_cannot_be_is_named(
    holder: CardHolder, here: world.Hospital, change: dict[str, str], field: str
) -> None:
    answer = send(here, holder, BODY | change)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.row("ID-15")
def test_what_the_holder_adds_counts_once_the_centre_has_confirmed_it(
    page: Client, holder: CardHolder
) -> None:
    assert "vaccination" in page.get(f"{LIST}add/").content.decode()
    added = page.post(f"{LIST}add/blood_donor/", {"number": "3701 0001 2345", "issuer": "示范血站"})
    assert added.headers["Location"] == LIST
    assert "待核对" in page.get(LIST).content.decode()
    row = LinkedCertificate.objects.get()
    staff = people.at_work(Client(), people.staff(Role.REVIEWER, username="reviewer"))
    address = f"/admin/cards/linkedcertificate/{row.public_id}/"
    assert "370100012345" in staff.get(f"{address}change/").content.decode()
    assert submit(staff, f"{address}do/confirm/").status_code == 302
    assert "待核对" not in page.get(LIST).content.decode()
    assert "370100012345" not in staff.get(f"{address}change/").content.decode()
    assert staff.get(f"{address}do/refuse/").status_code == 409


def test_a_refusal_ends_the_claim_and_its_reason_is_in_the_history(page: Client, holder: CardHolder) -> None:
    row = claim(holder)
    certificates.decide_certificate(certificate_pk=row.pk, confirm=False, reason="号码查无此证", actor=CENTRE)
    assert api(page, "get", "card/certificates").json() == []
    assert "号码查无此证" in page.get("/card/history/").content.decode()
    with pytest.raises(CertificateDecided):
        certificates.decide_certificate(certificate_pk=row.pk, confirm=True, reason="重来", actor=CENTRE)


def test_a_claim_keeps_no_number_from_its_owner(holder: CardHolder, here: world.Hospital) -> None:
    squatter = card_holder("13900001002")
    row = claim(squatter)
    assert send(here, holder, BODY).status_code == 201
    with pytest.raises(CertificateTaken):
        certificates.decide_certificate(certificate_pk=row.pk, confirm=True, reason="核对", actor=CENTRE)


def test_an_institution_that_sees_the_certificate_confirms_the_claim(
    holder: CardHolder, here: world.Hospital
) -> None:
    row = claim(holder)
    assert claim(holder).pk == row.pk
    assert send(here, holder, BODY).json()["id"] == row.public_id
    row.refresh_from_db()
    assert (row.state, row.institution) == (CertificateState.LINKED, here.public_id)


@pytest.mark.row("ID-15")
def test_the_holder_takes_a_certificate_out(page: Client, holder: CardHolder, here: world.Hospital) -> None:
    send(here, holder, BODY)
    row = LinkedCertificate.objects.get()
    address = reverse("card-certificate-unlink", args=[row.public_id])
    assert "证件本身仍然有效" in page.get(address).content.decode()
    assert LinkedCertificate.objects.get().state == CertificateState.LINKED
    assert page.post(address).headers["Location"] == LIST
    assert page.get(address).status_code == 404
    # A second click is led to the same page.
    assert page.post(address).headers["Location"] == LIST
    assert "还没有关联证件" in page.get(LIST).content.decode()
    assert send(here, holder, BODY).status_code == 201


def test_nobody_elses_certificate_is_found(page: Client, here: world.Hospital) -> None:
    other = certificates.link_certificate(person_pk=world.holder().card.person_id, actor=CENTRE, **BODY)
    assert page.get(reverse("card-certificate-unlink", args=[other.public_id])).status_code == 404
    assert api(page, "delete", f"card/certificates/{other.public_id}").status_code == 404


def test_an_institution_takes_out_only_what_it_linked(holder: CardHolder, here: world.Hospital) -> None:
    row = claim(holder)
    reason = {"reason": "证件已注销"}
    assert send(here, holder, reason, more=f"/{row.public_id}/unlink").status_code == 404
    send(here, holder, BODY)
    answer = send(here, holder, reason, more=f"/{row.public_id}/unlink")
    assert (answer.status_code, answer.json()["state"]) == (200, "unlinked")


@pytest.mark.row("ID-15")
def test_nothing_is_shown_to_a_holder_who_has_only_stated_who_they_are(client: Client) -> None:
    who = card_holder("13900001003")
    certificates.link_certificate(person_pk=who.card.person_id, actor=CENTRE, **BODY)
    page = signed_in(client, who.account)
    assert LIST not in page.get("/card/settings/").content.decode()
    answer = page.get(LIST)
    assert answer.status_code == 403
    assert "疫苗接种卡" not in answer.content.decode()
    for path in (f"{LIST}add/", f"{LIST}add/birth/"):
        assert page.get(path).status_code == 403
    assert api(page, "get", "card/certificates").json()["code"] == "level_too_low"


def test_an_expired_certificate_says_so(page: Client, holder: CardHolder) -> None:
    certificates.link_certificate(
        person_pk=holder.card.person_id,
        valid_until=(clock.now() - timedelta(days=2)).date(),
        actor=CENTRE,
        **BODY,
    )
    assert "已过期" in page.get(LIST).content.decode()


def test_a_card_joins_only_so_many(holder: CardHolder) -> None:
    for serial in range(MOST_PER_PERSON):
        certificates.link_certificate(
            person_pk=holder.card.person_id, actor=CENTRE, **BODY | {"number": f"V{serial:08d}"}
        )
    with pytest.raises(TooManyCertificates):
        claim(holder, "V99999999")


def test_the_mini_program_adds_and_removes(page: Client, holder: CardHolder) -> None:
    added = api(page, "post", "card/certificates", BODY)
    assert (added.status_code, added.json()["state"]) == (201, "claimed")
    assert api(page, "post", "card/certificates", BODY | {"kind": "x"}).status_code == 400
    assert api(page, "delete", f"card/certificates/{added.json()['id']}").status_code == 204
    assert api(page, "get", "card/certificates").json() == []


def test_what_was_taken_out_is_deleted_after_a_year(holder: CardHolder) -> None:
    row = claim(holder)
    certificates.unlink_certificate(certificate=row, reason="holder", actor=holder.actor)
    kept = claim(holder, "V20260002")
    with time_machine.travel(clock.now() + timedelta(days=364)):
        assert retention.apply_retention().done["certificates"] == 0
    with time_machine.travel(clock.now() + timedelta(days=366)):
        assert retention.apply_retention().done["certificates"] == 1
    assert LinkedCertificate.objects.get() == kept


def test_the_copy_of_ones_data_holds_the_whole_number(page: Client, holder: CardHolder) -> None:
    claim(holder)
    (person,) = page.post("/me/data/copy/file/").json()["persons"]
    assert [one["number"] for one in person["certificates"]] == [NUMBER]
