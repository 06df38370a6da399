"""From the press of the key at the emergency desk to the page with what helps (ER-01).

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.emergency

A nurse finds one patient after the other, by the code on the phone, by the static code on the card, and
by a document; each patient left information for rescuers and has reports and visits. The time runs, over
HTTP, from sending the form to the last byte of the patient's page, and so has both requests in it. The
browser's drawing and the scanner are not in it.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx

from benchmarks import setting
from benchmarks.server import HOST, PORT, serving

PEOPLE = 200
REPORTS, VISITS = 20, 10
_TICKET = re.compile(r'name="ticket" value="([^"]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_WAYS = ("dynamic code", "static code", "document")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100)
    options = parser.parse_args()
    # Each run leaves its openings behind.
    setting.prepare_environment(f"{setting.DATABASE}_emergency")
    stage = setting.build(PEOPLE)
    from benchmarks.calls import dynamic_codes
    from cards.rules.codes import emit_static
    from foundation.core import ratelimit

    people = _patients(stage.card_ids[: options.patients])
    nurse, cookie = _nurse()
    codes = dynamic_codes(stage, options.patients)
    texts: Sequence[Sequence[str]] = (
        codes,
        [emit_static(card_id) for card_id in stage.card_ids[: options.patients]],
        [number for _person, number in people],
    )
    with serving(workers=2, threads=8, environment={}):
        client = httpx.Client(base_url=f"http://{HOST}:{PORT}", cookies={"sessionid": cookie}, timeout=30)
        for way, given in zip(_WAYS, texts, strict=True):
            ratelimit.forget(f"emergency:{nurse}")
            took = [_found(client, text) for text in given]
            sys.stdout.write(f"{len(took)} by {way}: {_shares(took)}\n")


def _found(client: httpx.Client, text: str) -> float:
    form = client.get("/emergency/").text
    body = {
        "who": text,
        "id_type": "01",
        "reason": "车祸昏迷，需要了解过敏史",
        "ticket": _first(_TICKET, form),
        "csrfmiddlewaretoken": _first(_TOKEN, form),
    }
    began = time.monotonic()
    opened = client.post("/emergency/", data=body)
    if opened.status_code != 302:
        raise SystemExit(f"nothing was opened: {opened.status_code}")
    page = client.get(opened.headers["Location"])
    took = time.monotonic() - began
    if page.status_code != 200 or "青霉素过敏" not in page.text:
        raise SystemExit("the page lacks what helps")
    return took * 1000


def _patients(card_ids: Sequence[str]) -> list[tuple[int, str]]:
    from cards.codes.institution import find_number
    from foundation.core import clock
    from foundation.core.actor import Actor
    from institutions import selectors as institutions
    from mpi import selectors as mpi
    from records.models import EmergencyInfo, Report
    from records.services.encounters import record_encounter
    from records.services.reports import publish_report
    from records.types import EncounterDetails, Indicator, ReportDetails

    system = Actor.system("benchmark")
    place = institutions.visible(system).order_by("-pk")[0].public_id
    moment = clock.now()
    found = []
    for card_id in card_ids:
        person = find_number(card_id).card.person_id
        found.append((person, mpi.particulars(person).id_number))
        if Report.objects.filter(person=person).exists():
            continue
        content: dict[str, Any] = {"blood": "O", "rhesus": "-", "allergies": "青霉素过敏"}
        content |= {"conditions": "高血压", "medicines": "", "contacts": []}
        EmergencyInfo.objects.create(
            person_id=person, subject=mpi.public_id_of(person), content=content, updated_at=moment
        )
        for number in range(REPORTS):
            lines = [
                Indicator(f"C{line}", f"指标{line}", "12.5", "10^9/L", "3.5", "9.5") for line in range(20)
            ]
            publish_report(
                institution=place,
                person_pk=person,
                details=ReportDetails(
                    number=f"B{person}-{number}",
                    kind="lab",
                    title="血常规",
                    reported_at=moment - timedelta(days=number),
                    indicators=lines,
                ),
                actor=system,
            )
        for number in range(VISITS):
            record_encounter(
                institution=place,
                person_pk=person,
                details=EncounterDetails(
                    number=f"V{person}-{number}",
                    kind="outpatient",
                    started_at=moment - timedelta(days=number),
                    diagnoses=("急性支气管炎",),
                ),
                actor=system,
            )
    return found


def _nurse() -> tuple[str, str]:
    """A nurse with both factors: the id of the account and the key of a session."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from foundation.accounts import services as accounts
    from foundation.core.actor import Actor
    from institutions import selectors as institutions
    from institutions import services
    from institutions.rules import Role

    system = Actor.system("benchmark")
    place = institutions.visible(system).order_by("-pk")[0].public_id
    nurse = accounts.create_staff(
        username=f"nurse{int(time.time())}", password="benchmark-only", actor=system
    )
    TOTP.activate(nurse, generate_totp_secret())
    services.grant_membership(
        account=nurse.public_id, role=Role.NURSE, institution=place, actor=system, reason="benchmark"
    )
    session = SessionStore()
    session[SESSION_KEY] = str(nurse.pk)
    session[BACKEND_SESSION_KEY] = "foundation.accounts.backends.StaffPasswordBackend"
    session[HASH_SESSION_KEY] = nurse.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time(), "type": "totp"}]
    session["account_authentication_methods_user"] = str(nurse.pk)
    session.create()
    return nurse.public_id, str(session.session_key)


def _first(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise SystemExit("the form is not there")
    return found[1]


def _shares(values: Sequence[float]) -> str:
    ordered = sorted(values)
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    told = ", ".join(f"{name} {ordered[int(len(ordered) * share)]:.0f} ms" for name, share in shares)
    return f"{told}, slowest {ordered[-1]:.0f} ms"


if __name__ == "__main__":
    main()
