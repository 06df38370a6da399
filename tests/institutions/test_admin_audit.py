"""Staff read the audit."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions.rules import Role
from tests.institutions import people

pytestmark = pytest.mark.django_db

CENTRE = "/admin/audit/auditentry/"
INSTITUTION = "/institution/audit/auditentry/"


def done(place: str = "", subject: str = "row", reason: str = "测试原因") -> AuditEntry:
    actor = Actor(kind=ActorKind.CLIENT, id="a-program", institution=place)
    audit.record(
        Action.CARD_READ,
        actor=actor,
        subject=("cards.Card", subject),
        reason=reason,
        details={"scene": "010101"},
    )
    return AuditEntry.objects.latest("pk")


def subjects(client: Client, path: str, **query: str) -> list[str]:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return [row.subject_id for row in answer.context["cl"].result_list]


def test_the_centre_reads_what_was_done(client: Client) -> None:
    people.at_work(client, people.staff(Role.AUDITOR))
    row = done()
    for path in (CENTRE, f"{CENTRE}{row.pk}/change/"):
        page = client.get(path).content.decode()
        for words in ("card.read", "接入应用 a-program", "cards.Card row", "测试原因"):
            assert words in page, words
    assert "scene: 010101" in page
    assert client.get(f"{CENTRE}{row.pk}/history/").status_code == 404
    assert client.post(f"{CENTRE}{row.pk}/delete/").status_code == 403


def test_an_institution_reads_what_concerns_it(client: Client) -> None:
    own, other = people.hospital(1), people.hospital(2)
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, own))
    done(own, "mine")
    foreign = done(other, "foreign")
    assert subjects(client, INSTITUTION, q="card.read") == ["mine"]
    assert client.get(f"{INSTITUTION}{foreign.pk}/change/").status_code == 404


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.WINDOW_CLERK])
def test_reading_the_audit_is_a_duty(client: Client, role: Role) -> None:
    at_centre = role is Role.REVIEWER
    people.at_work(client, people.staff(role, "" if at_centre else people.hospital()))
    assert client.get(CENTRE if at_centre else INSTITUTION).status_code == 403


def test_entries_are_found_by_actor_subject_and_day(client: Client) -> None:
    people.at_work(client, people.staff(Role.AUDITOR))
    with time_machine.travel(clock.now() - timedelta(days=5), tick=False):
        done(subject="older")
    done(subject="newer")
    assert subjects(client, CENTRE, q="a-program") == ["newer"]
    assert subjects(client, CENTRE, q="a-program", period="week") == ["newer", "older"]
    assert subjects(client, CENTRE, q="older", period="week") == ["older"]
    assert subjects(client, CENTRE, actor_kind="client") == ["newer"]
    assert subjects(client, CENTRE, q="a-prog") == []
