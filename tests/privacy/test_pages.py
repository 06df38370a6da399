"""What residents can see, take along, take back and end (ID-16, ID-14)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cards import drain
from cards.errors import CardFrozen, CardHeldByCentre
from cards.models import CardApplication
from cards.services import life
from cards.states import CardState
from foundation.accounts.models import Account
from foundation.accounts.selectors import account_by_phone
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from gmcrypto.errors import KeyDestroyed
from identity import selectors as identity
from identity import services as identity_services
from identity.models import ConsentRecord, Holding
from identity.rules import Evidence
from institutions.rules import Role
from mpi import selectors as mpi
from mpi import services as mpi_services
from mpi.errors import PersonErased
from privacy.looks import Look
from privacy.services import retention
from tests.accounts import people
from tests.cards import world
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder

STAFF = Actor(kind=ActorKind.STAFF, id="c" * 26, scopes=frozenset({"centre", Role.CENTRE_ADMIN.value}))

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]


@pytest.fixture
def holder(client: Client) -> CardHolder:
    found = card_holder(name="测试甲")
    people.signed_in(client, found.account)
    return found


def seen(holder: CardHolder, where: world.Hospital) -> None:
    """A hospital scans the holder's code."""
    who = world.Holder(holder.card, holder.card.numbers.get(), holder.id_number)
    world.scan(world.code_of(who), where)
    while drain.drain_usage():
        continue


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# Who looked


def test_a_scan_is_listed_by_name_time_and_purpose(client: Client, holder: CardHolder) -> None:
    assert "还没有人看过" in text_of(client, "/me/data/looks/")
    seen(holder, world.hospital(short_name="东区医院"))
    page = text_of(client, "/me/data/looks/")
    assert "东区医院" in page
    assert "扫码核验 · 当日挂号" in page


def test_a_long_list_pages(client: Client, holder: CardHolder) -> None:
    where = world.hospital(short_name="东区医院")
    begin = clock.now()
    for number in range(21):
        with time_machine.travel(begin + timedelta(minutes=number), tick=False):
            seen(holder, where)
    first = client.get("/me/data/looks/")
    assert len(first.context["looks"]) == 20
    second = client.get(f"/me/data/looks/?{first.context['older']}")
    assert len(second.context["looks"]) == 1
    assert second.context["older"] == ""


def test_looks_of_one_moment_are_all_shown_where_a_page_ends_among_them(
    client: Client, holder: CardHolder
) -> None:
    centre = Actor(kind=ActorKind.STAFF, id="s" * 26, scopes=frozenset({"centre"}))
    # A moment that a float cannot tell exactly.
    moment = datetime(2026, 3, 1, 8, 0, 0, 123457, tzinfo=UTC)
    with time_machine.travel(moment - timedelta(hours=1), tick=False):
        audit.record(Action.CARD_READ, actor=centre, subject=holder.card)
    audit.record_many(
        audit.Entry(Action.PERSON_READ, centre, ("mpi.Person", holder.card.subject), at=moment)
        for _ in range(45)
    )
    identity_services.open_self_holding(
        account_pk=holder.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    shown: list[Look] = []
    older = "before="
    while older:
        page = client.get(f"/me/data/looks/?{older if shown else ''}")
        shown += page.context["looks"]
        older = page.context["older"]
    assert [str(look.what) for look in shown] == ["查看登记信息"] * 45 + ["读取健康卡信息"]


def test_the_list_asks_the_database_as_often_for_twenty_as_for_one(
    client: Client, holder: CardHolder, django_assert_max_num_queries: Any
) -> None:
    where = world.hospital()
    for _number in range(5):
        seen(holder, where)
    with django_assert_max_num_queries(20):
        client.get("/me/data/looks/")


def test_nobody_reads_who_looked_at_somebody_else(client: Client, holder: CardHolder) -> None:
    other = card_holder("13900001011", name="测试乙")
    assert client.get(reverse("family-looks", args=[other.card.subject])).status_code == 404


@pytest.mark.parametrize("before", ["x", "-1", "1", "9" * 18 + "-1", "²-1"])
def test_a_wrong_place_in_the_list_is_refused(client: Client, holder: CardHolder, before: str) -> None:
    assert client.get("/me/data/looks/", {"before": before}).status_code == 400


# A copy


def copied(client: Client) -> dict[str, Any]:
    answer = client.post("/me/data/copy/file/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment")
    return dict(orjson.loads(answer.content))


def test_a_holder_who_proved_it_copies_everything(client: Client, holder: CardHolder) -> None:
    identity_services.open_self_holding(
        account_pk=holder.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    seen(holder, world.hospital(short_name="东区医院"))
    copy = copied(client)
    (person,) = copy["persons"]
    assert person["particulars"]["name"] == "测试甲"
    assert person["particulars"]["id_number"] == holder.id_number
    assert person["cards"][0]["numbers"][0]["number"] == holder.card.numbers.get().value
    assert person["looks"][0]["who"] == "东区医院"
    assert copy["account"]["phone"].endswith("13900001001")
    assert {consent["kind"] for consent in copy["consents"]} == {"privacy_notice", "sensitive_data"}
    assert AuditEntry.objects.filter(action="data.copied").count() == 1


def test_whoever_only_knew_name_and_number_copies_no_particulars(client: Client, holder: CardHolder) -> None:
    assert "不含登记信息和卡号" in text_of(client, "/me/data/copy/")
    (person,) = copied(client)["persons"]
    assert person["left_out"] == "level_too_low"
    assert holder.id_number not in str(person)


def test_copies_are_limited(client: Client, holder: CardHolder) -> None:
    codes = [client.post("/me/data/copy/file/").status_code for _number in range(6)]
    assert codes == [200] * 5 + [429]


# Consent


def test_a_consent_is_listed_and_withdrawn(client: Client, holder: CardHolder) -> None:
    assert "处理敏感个人信息" in text_of(client, "/me/data/consents/")
    client.post("/me/data/consents/sensitive_data/withdraw/")
    assert not identity.has_consented(holder.account.pk)
    assert "撤回</span>" in text_of(client, "/me/data/consents/").replace("\n", "")
    # A second click is led to the same page, and takes nothing back.
    assert client.post("/me/data/consents/sensitive_data/withdraw/").status_code == 302
    assert AuditEntry.objects.filter(action="consent.withdrawn").count() == 1
    assert client.post("/me/data/consents/other/withdraw/").status_code == 400


# Closing


def close(client: Client, certificate: str = "") -> str:
    return client.post("/me/data/close/", {"understood": "on", "certificate": certificate}).content.decode()


@pytest.mark.row("ID-14")
def test_closing_ends_everything_and_frees_the_phone(client: Client, holder: CardHolder) -> None:
    assert "账户已注销" in close(client, holder.id_number)
    holder.card.refresh_from_db()
    holder.account.refresh_from_db()
    assert holder.card.state == CardState.CANCELLED
    assert not holder.account.is_active
    assert not Holding.objects.filter(state="live").exists()
    assert not ConsentRecord.objects.filter(withdrawn_at=None).exists()
    assert account_by_phone("13900001001") is None
    assert client.get("/me/").status_code == 302


@pytest.mark.row("ID-14")
def test_a_card_that_staff_stopped_keeps_nobody_in_the_account_and_stays_stopped(
    client: Client, holder: CardHolder
) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="疑似冒用", actor=STAFF)
    assert "注销后仍然停用" in text_of(client, "/me/data/close/")
    said = close(client, holder.id_number)
    assert "账户已注销" in said
    assert "携带证件到窗口" in said
    holder.card.refresh_from_db()
    holder.account.refresh_from_db()
    assert (holder.card.state, holder.account.is_active) == (CardState.FROZEN, False)
    assert not Holding.objects.filter(state="live").exists()
    with pytest.raises(CardFrozen):
        seen(holder, world.hospital())
    with later(31):
        assert retention.apply_retention().done["persons"] == 0
    again = applicant("13900001044")
    identity_services.open_self_holding(
        account_pk=again.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.REAL_NAME,
        actor=CENTRE,
    )
    with pytest.raises(CardHeldByCentre):
        life.unfreeze_card(card_pk=holder.card.pk, reason="", actor=again.actor)


def test_whoever_found_the_phone_cannot_close_the_account(client: Client, holder: CardHolder) -> None:
    assert "请填写完整的证件号码" in close(client)
    assert "账户已注销" not in close(client, "110199195001019007")
    assert Account.objects.get(pk=holder.account.pk).is_active
    assert AuditEntry.objects.filter(action="account.second_proof_refused").count() == 1


def test_what_was_before_the_hold_is_not_told_to_whoever_knew_name_and_number(
    client: Client, holder: CardHolder
) -> None:
    with time_machine.travel(clock.now() - timedelta(days=3), tick=False):
        seen(holder, world.hospital(short_name="西区医院"))
    assert "西区医院" not in text_of(client, "/me/data/looks/")
    identity_services.open_self_holding(
        account_pk=holder.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    assert "西区医院" in text_of(client, "/me/data/looks/")


def test_without_the_tick_nothing_is_closed(client: Client, holder: CardHolder) -> None:
    assert "请勾选后再注销" in client.post("/me/data/close/", {}).content.decode()
    assert Account.objects.get(pk=holder.account.pk).is_active


def test_an_open_application_is_taken_back(client: Client) -> None:
    who = applicant("13900001012")
    draft = who.draft()
    people.signed_in(client, who.account)
    close(client)
    assert CardApplication.objects.get(pk=draft.pk).state == "withdrawn"


# Keeping nothing longer


def later(days: int) -> Any:
    return time_machine.travel(clock.now() + timedelta(days=days), tick=False)


def test_after_thirty_days_the_person_is_shredded(client: Client, holder: CardHolder) -> None:
    close(client, holder.id_number)
    with later(29):
        assert retention.apply_retention().done["accounts"] == 0
    assert mpi.particulars(holder.card.person_id).name == "测试甲"
    with later(31):
        done = retention.apply_retention().done
        assert (done["accounts"], done["persons"]) == (1, 1)
        assert retention.apply_retention().done["accounts"] == 0
    with pytest.raises(PersonErased):
        mpi.particulars(holder.card.person_id)


def test_a_person_whom_a_hospital_treats_stays(client: Client, holder: CardHolder) -> None:
    mpi_services.link_source_record(
        person_pk=holder.card.person_id, source=world.hospital().public_id, local_id="P1"
    )
    close(client, holder.id_number)
    with later(31):
        assert retention.apply_retention().done["persons"] == 0
    assert mpi.particulars(holder.card.person_id).name == "测试甲"


def test_answers_are_shredded_ninety_days_after_the_decision(client: Client) -> None:
    who = applicant("13900001013")
    application = who.apply()
    people.signed_in(client, who.account)
    close(client)
    with later(91):
        assert retention.apply_retention().done["answers"] == 1
        assert retention.apply_retention().done["answers"] == 0
    with pytest.raises(KeyDestroyed):
        assert CardApplication.objects.get(pk=application.pk).name
