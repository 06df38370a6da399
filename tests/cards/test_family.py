"""Family cards, by the pages, the review and the resident API."""

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from cards import family as reading
from cards.errors import GuardianMustApply
from cards.models import Card, CardApplication, ReviewResult
from cards.services import application as applications
from cards.services import family, review
from foundation.audit.models import AuditEntry
from identity.errors import DependantIsAdult, LevelTooLow, TooManyDependants
from identity.rules import Evidence
from tests.accounts.people import last_code, signed_in
from tests.cards.applying import applicant
from tests.cards.asking import fill
from tests.cards.families import (
    CHILD,
    apply_for_child,
    approve,
    child_of,
    guardian,
    number_of,
    registered,
    years_ago,
)
from tests.cards.world import hospital, scan, set_rules

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sandbox"),
    pytest.mark.row("ID-10"),
]
SELF_NAME = "测试甲"


def test_a_childs_card_is_issued_after_review_of_the_proof_and_shown_by_the_guardian() -> None:
    who = guardian()
    application = apply_for_child(who)
    assert application.state == "in_review"
    assert ReviewResult.objects.get(application=application).rules == ["proof_to_review"]
    application = approve(application)
    assert application.state == "issued"
    assert [result.automatic for result in application.results.order_by("at")] == [True, False]
    (child,) = reading.dependants(who.account.pk)
    assert (child.name, child.relation, child.shown is not None) == ("测小宝", "child", True)
    opened = AuditEntry.objects.filter(action="holding.opened").latest("pk")
    assert opened.on_behalf_of == child.person_id


def test_a_guardian_known_only_by_name_and_number_is_sent_to_a_window(client: Client) -> None:
    who = guardian(evidence=Evidence.REAL_NAME)
    with pytest.raises(LevelTooLow):
        family.start_child_application(account_pk=who.account.pk, channel="h5", actor=who.actor)
    signed_in(client, who.account)
    assert "请先到窗口核实身份" in client.get(reverse("family")).content.decode()
    assert client.get(reverse("child")).status_code == 403


def test_a_child_under_fourteen_still_gets_no_card_alone() -> None:
    who = applicant("13900002009")
    application = who.apply(replace(CHILD, relation="self", id_number=number_of(years_ago(6))))
    review.check_submitted(public_id=application.public_id)
    with pytest.raises(GuardianMustApply):
        approve(application)


def test_an_adult_is_no_child() -> None:
    who = guardian()
    application = family.start_child_application(account_pk=who.account.pk, channel="h5", actor=who.actor)
    with pytest.raises(DependantIsAdult):
        applications.save_answers(
            application=application,
            version=application.version,
            answers=replace(CHILD, id_number=number_of(years_ago(19))),
        )


def test_the_centres_limit_is_told_to_the_reviewer() -> None:
    set_rules(dependants_per_account=1)
    who = guardian()
    child_of(who)
    waiting = apply_for_child(who, name="测小妹")
    with pytest.raises(TooManyDependants):
        approve(waiting)
    assert CardApplication.objects.get(pk=waiting.pk).state == "in_review"


def test_the_questions_are_about_the_child_and_lead_to_the_review(client: Client) -> None:
    who = guardian()
    signed_in(client, who.account)
    answer = client.post(reverse("child"))
    given = {
        "certificate": {"id_type": "01"},
        "number": {"id_number": number_of(years_ago(6))},
        "name": {"name": "测小宝"},
        "nation": {"nation": "01"},
        "proof": {"proof_kind": "08"},
        "proof-number": {"proof_number": "r110100001"},
    }
    for word, value in given.items():
        assert answer.headers["Location"] == reverse("child-step", args=[word])
        assert "孩子" in client.get(answer.headers["Location"]).content.decode()
        answer = client.post(answer.headers["Location"], {"version": _version(), **value})
    page = client.get(reverse("child-step", args=["check"])).content.decode()
    assert "R110100001" in page
    assert "出生医学证明" in page
    answer = client.post(reverse("child-step", args=["check"]), {"version": _version()})
    assert answer.headers["Location"].endswith("/wait/")
    wrong = client.post(reverse("child-step", args=["proof-number"]), {"version": 1, "proof_number": "1"})
    assert wrong.status_code == 302


def test_a_wrong_proof_number_is_explained(client: Client) -> None:
    who = guardian()
    signed_in(client, who.account)
    client.post(reverse("child"))
    client.post(reverse("child-step", args=["certificate"]), {"version": _version(), "id_type": "01"})
    for word, value in (
        ("number", {"id_number": number_of(years_ago(6))}),
        ("name", {"name": "测小宝"}),
        ("nation", {"nation": "01"}),
        ("proof", {"proof_kind": "08"}),
    ):
        client.post(reverse("child-step", args=[word]), {"version": _version(), **value})
    page = client.post(
        reverse("child-step", args=["proof-number"]), {"version": _version(), "proof_number": "12"}
    )
    assert page.status_code == 422
    assert "证件号码的格式与所选证件类型不符" in page.content.decode()


def test_each_page_shows_the_code_of_its_own_person_under_the_full_name(client: Client) -> None:
    who = guardian()
    first, second = child_of(who), child_of(who, name="测小妹", years=4)
    signed_in(client, who.account)
    cards = {person: Card.objects.get(subject=person) for person in (first, second)}
    for person, name in ((first, "测小宝"), (second, "测小妹")):
        text = client.get(reverse("family-card", args=[person])).content.decode()
        assert re.search(rf'<h1 class="whose whose-\d">\s*{name}', text)
        codes = client.get(reverse("family-codes", args=[person])).json()["codes"]
        assert {code["text"][:64] for code in codes} == {cards[person].numbers.get().value}
        verified = scan(codes[0]["text"], hospital())
        assert verified.face()["name"] == name
    tints = [one.tint for one in reading.relatives(who.account.pk)]
    assert len(set(tints)) == 3
    assert "测小宝" not in client.get(reverse("family")).content.decode()


def test_a_stranger_finds_neither_page_nor_code(client: Client) -> None:
    child = child_of(guardian())
    signed_in(client, guardian("13900002002").account)
    for name in ("family-card", "family-codes", "family-settings", "family-end"):
        assert client.get(reverse(name, args=[child])).status_code == 404
    for name in ("family-history", "family-looks"):
        assert client.get(reverse(name, args=[child])).status_code == 404
    assert client.post(reverse("family-move", args=[child, "freeze"])).status_code == 404


def test_the_end_needs_a_reason_and_closes_the_page_at_once(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    signed_in(client, who.account)
    assert client.post(reverse("family-end", args=[child]), {}).status_code == 422
    assert client.post(reverse("family-end", args=[child]), {"reason": "came_of_age"}).status_code == 422
    answer = client.post(reverse("family-end", args=[child]), {"reason": "not_needed"}, follow=True)
    assert "不再需要代管" in answer.content.decode()
    assert client.get(reverse("family-codes", args=[child])).json()["code"] == "guardianship_over"


def test_an_elder_reads_out_the_code_and_the_guardian_shows_the_card(client: Client) -> None:
    who = guardian()
    id_number = number_of(years_ago(75))
    elder = registered("测老人", id_number, phone="13900002088")
    signed_in(client, who.account)
    given = {"relation": "parent", "id_type": "01", "id_number": id_number, "name": "测老人"}
    page = fill(client, reverse("family-adult-question", args=["relation"]), given).headers["Location"]
    wrong = client.post(page, {"code": "12"})
    assert wrong.status_code == 422
    assert "验证码不对" in wrong.content.decode()
    assert client.post(page, {"code": last_code()}).headers["Location"] == reverse(
        "family-card", args=[elder.person_id]
    )
    shown = client.get(reverse("family-card", args=[elder.person_id])).content.decode()
    assert "测老人" in shown
    assert "data-codes-url" in shown


def test_an_elder_agrees_in_their_own_account(client: Client) -> None:
    who, elder = guardian(), guardian("13900002003")
    (own,) = reading.relatives(elder.account.pk)
    assert own.shown is not None
    signed_in(client, who.account)
    given = {
        "relation": "parent",
        "id_type": "01",
        "id_number": own.shown.card.face["id_number"],
        "name": SELF_NAME,
    }
    page = fill(client, reverse("family-adult-question", args=["relation"]), given).headers["Location"]
    link = re.search(r"http://[^<\s]+/family/accept/\w+/", client.get(page).content.decode())
    assert link is not None
    assert client.get(link.group()).status_code == 404
    signed_in(client, elder.account)
    assert "**甲 希望代您" in client.get(link.group()).content.decode()
    answer = client.post(link.group(), {"do": "agree"}, follow=True)
    assert "谁可以代我出示健康卡" in answer.content.decode()
    assert [one.person_id for one in reading.dependants(who.account.pk)] == [own.person_id]
    assert client.post(link.group(), {"do": "agree"}).headers["Location"] == reverse("family")
    assert client.post(link.group(), {"do": "decline"}).status_code == 404


def test_the_api_does_what_the_pages_do(client: Client) -> None:
    who = guardian()
    signed_in(client, who.account)
    client = Client(headers={"X-Session-Token": str(client.session.session_key)})
    base = "/api/resident/v1/family"
    asked = {
        "id_type": "01",
        "id_number": number_of(years_ago(6)),
        "name": "测小宝",
        "proof_kind": "08",
        "proof_number": "R110100001",
    }
    answer = client.post(f"{base}/children", asked, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (202, "submitted")
    review.check_submitted(public_id=answer.json()["id"])
    approve(CardApplication.objects.get(public_id=answer.json()["id"]))
    (child,) = client.get(base).json()["relatives"]
    assert (child["name"], child["card"]["state"]) == ("测小宝", "active")
    address = f"{base}/{child['person_id']}"
    assert client.get(f"{address}/codes").json()["codes"]
    frozen = client.post(f"{address}/card", {"act": "freeze"}, content_type="application/json")
    assert frozen.json()["card"]["state"] == "frozen"
    assert client.get(f"{address}/codes").json()["code"] == "card_frozen"
    invited = client.post(
        f"{base}/invitations",
        {"relation": "parent", "id_type": "01", "id_number": number_of(years_ago(70)), "name": "测老人"},
        content_type="application/json",
    )
    assert (invited.status_code, invited.json()["state"]) == (201, "open")
    ended = client.post(f"{address}/end", {"reason": "not_needed"}, content_type="application/json")
    assert ended.status_code == 204
    assert client.get(f"{address}/card").json()["code"] == "guardianship_over"


def test_the_family_page_asks_the_database_as_often_for_four_as_for_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    who = guardian()
    for name in ("测小宝", "测小妹", "测小弟", "测小姐"):
        child_of(who, name=name)
    signed_in(client, who.account)
    client.get(reverse("family"))
    with django_assert_max_num_queries(18):
        assert client.get(reverse("family")).status_code == 200


def _version() -> int:
    return CardApplication.objects.filter(relation="child").latest("pk").version
