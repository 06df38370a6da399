"""Residents with reports and visits, before and after the strong check."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from foundation.accounts.selectors import staff_by_username
from foundation.accounts.sessions import BACKEND
from foundation.core import clock
from foundation.core.actor import Actor
from identity.rules import Evidence
from institutions import selectors as institutions
from mpi import selectors as mpi
from records.rules import RecordKind
from records.selectors import access
from records.services.access import (
    ask_person,
    ask_with_code,
    grant_access,
    open_code,
    refuse_access,
    revoke_access,
)
from records.services.emergency import keep_emergency_info, open_by_document
from records.services.encounters import record_encounter
from records.services.reports import publish_report, withdraw_report
from records.services.viewing import open_record
from records.types import Contact, EmergencyDetails, EncounterDetails, Indicator, ReportDetails
from tests.e2e.people import Colleague, Resident, holder, press
from tests.e2e.shown import DESK, Opening, OpenPhone

HOSPITAL = Actor.system("tests")
SIGNED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
BLOOD = (
    Indicator("WBC", "白细胞计数", "12.5", "10^9/L", "3.5", "9.5", mark="H"),
    Indicator("RBC", "红细胞计数", "4.6", "10^12/L", "4.3", "5.8"),
    Indicator("HGB", "血红蛋白", "108", "g/L", "115", "150", mark="L"),
)


@dataclass(frozen=True)
class Reader(Resident):
    """A resident who was seen at a window, and perhaps gave the second proof a moment ago."""

    is_open: bool = False

    def session(self) -> str:
        """A session in which contents are open, if they are to be."""
        client = Client()
        client.force_login(self.account, backend=BACKEND)
        if self.is_open:
            session = client.session
            session["records_open_until"] = (clock.now() + timedelta(minutes=10)).timestamp()
            session.save()
        return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def reader(*, is_open: bool = True) -> Reader:
    """A resident who was seen at a window."""
    who = holder()
    return Reader(who.account, who.phone, is_open=is_open)


def barely_known() -> Resident:
    """Somebody of whom only name and number are known to fit."""
    return holder(evidence=Evidence.REAL_NAME)


def shut_reader() -> Reader:
    """The same before the strong check, with two reports."""
    who = reader(is_open=False)
    publish(who)
    return who


def publish(who: Resident, **changes: object) -> str:
    """A blood count of the demo hospital."""
    details = ReportDetails(
        number=f"R{who.phone}{clock.now().timestamp()}",
        kind="lab",
        title="血常规",
        reported_at=SIGNED,
        indicators=BLOOD,
        department="检验科",
        doctor="示范医生甲",
        specimen="静脉血",
    )
    return publish_report(
        institution=place(),
        person_pk=who.card().person_id,
        details=replace(details, **changes),  # type: ignore[arg-type]
        actor=HOSPITAL,
    ).report_id


def place() -> str:
    """The demo hospital."""
    found = institutions.institution_by_hospital_id("90001")
    assert found is not None
    return found.public_id


def with_history(*, is_open: bool = True) -> tuple[Reader, str]:
    """Somebody with four blood counts, the last one amended, an image and a visit."""
    who = reader(is_open=is_open)
    for days, value, mark in ((180, "6.1", ""), (95, "8.8", ""), (40, "10.4", "H")):
        publish(
            who,
            reported_at=SIGNED - timedelta(days=days),
            indicators=(replace(BLOOD[0], value=value, mark=mark), *BLOOD[1:]),
        )
    publish(
        who,
        kind="imaging",
        title="胸部CT平扫",
        indicators=(),
        findings="双肺纹理清晰，未见实变。\n心影不大。",
        conclusion="胸部CT平扫未见明显异常。",
        specimen="",
    )
    number = f"A{who.phone}"
    publish(who, number=number, indicators=BLOOD[:2], reported_at=SIGNED - timedelta(hours=3))
    last = publish(who, number=number, reason="标本重测")
    record_encounter(
        institution=place(),
        person_pk=who.card().person_id,
        details=EncounterDetails(
            number=f"E{who.phone}",
            kind="outpatient",
            started_at=SIGNED - timedelta(hours=2),
            department="呼吸内科",
            doctor="示范医生丙",
            complaint="咳嗽三天",
            diagnoses=("急性支气管炎",),
            advice="多饮水，三天后复诊",
            medicines=("氨溴索片 30mg 一日三次",),
        ),
        actor=HOSPITAL,
    )
    return who, last


def report_page(path: str = "", *, is_withdrawn: bool = False) -> Opening:
    """The last report of somebody with a history, or a page under it."""

    def opened(phone: OpenPhone) -> Page:
        who, report = with_history()
        if is_withdrawn:
            withdraw_report(institution=place(), number=f"A{who.phone}", reason="发错人", actor=HOSPITAL)
        page = phone(who)
        page.goto(f"/records/reports/{report}/{path}")
        return page

    return opened


def listed(path: str, *, is_open: bool = True) -> Callable[[OpenPhone], Page]:
    """A list of somebody with a history."""

    def opened(phone: OpenPhone) -> Page:
        who, _report = with_history(is_open=is_open)
        page = phone(who)
        page.goto(path)
        return page

    return opened


# Consent and emergencies


def doctor() -> Actor:
    """The demo hospital's doctor, as an actor."""
    account = staff_by_username("doctor")
    actor = institutions.actor_of_account(account.public_id) if account is not None else None
    assert actor is not None
    return actor


def asked(*, after: str = "") -> Opening:
    """Somebody with a history scanned the doctor's code; ``after`` is a button that is pressed."""

    def opened(phone: OpenPhone) -> Page:
        who, _report = with_history(is_open=False)
        page = phone(who)
        page.goto(f"/open/access/{_token()}/")
        if after:
            press(page, after)
            page.wait_for_load_state()
        return page

    return opened


def asked_narrowly(phone: OpenPhone) -> Page:
    """The same with a scope that opens nothing."""
    page = asked()(phone)
    page.goto(page.url + "?scoped=1&kinds=inpatient")
    return page


def with_consents(path: str, *, revoked: bool = False) -> Opening:
    """Somebody who consented, and whose records the doctor read."""

    def opened(phone: OpenPhone) -> Page:
        who, _report = with_history(is_open=False)
        grant = consent(who)
        open_record(grant_id=grant, actor=doctor())
        ask_person(
            person_pk=who.card().person_id,
            purpose="consultation",
            kinds=["lab"],
            name="示范医生己",
            actor=doctor(),
        )
        if revoked:
            revoke_access(grant_id=grant, account_pk=who.account.pk, actor=who.actor)
        page = phone(who)
        page.goto(path.format(grant=grant))
        return page

    return opened


def consent(who: Reader) -> str:
    """Let the demo's doctor read everything for a day."""
    request = open_code(token=_token(), actor=who.actor)
    items = access.records_of(who.card().person_id)
    scope = access.Scope(frozenset(RecordKind.values), frozenset(item.institution for item in items))
    return grant_access(
        request_id=request.public_id,
        account_pk=who.account.pk,
        person_id=who.card().subject,
        scope=scope,
        duration="day",
        seen=access.preview(items, scope).digest,
        actor=who.actor,
    ).public_id


def at_doctors(path: str, *, refused: bool = False) -> Opening:
    """The doctor's page of a request, a consent or a report."""

    def opened(phone: OpenPhone) -> Page:
        who, report = with_history(is_open=False)
        page = phone(Colleague("doctor"), viewport=DESK)
        if "{grant}" in path:
            page.goto(path.format(grant=consent(who), report=report))
            return page
        request = ask_person(
            person_pk=who.card().person_id, purpose="outpatient", kinds=["lab"], name="示范", actor=doctor()
        )
        if refused:
            refuse_access(
                request_id=request,
                account_pk=who.account.pk,
                person_id=who.card().subject,
                actor=who.actor,
            )
        page.goto(path.format(request=request))
        return page

    return opened


def shows_code(phone: OpenPhone) -> Page:
    """The doctor shows a code."""
    page = phone(Colleague("doctor"), viewport=DESK)
    page.goto("/doctor/")
    press(page, "出示二维码")
    page.wait_for_load_state()
    return page


def in_emergency(path: str = "", *, says_something: bool = True) -> Opening:
    """The nurse's page of somebody who left something for rescuers, or of one of the reports."""

    def opened(phone: OpenPhone) -> Page:
        who, report = with_history(is_open=False)
        if says_something:
            leave(who)
        account = staff_by_username("nurse")
        assert account is not None
        actor = institutions.actor_of_account(account.public_id)
        assert actor is not None
        number = mpi.particulars(who.card().person_id).id_number
        opening = open_by_document(
            id_type="01", number=number, reason="车祸昏迷，需要了解过敏史", actor=actor
        )
        page = phone(Colleague("nurse"), viewport=DESK)
        page.goto(f"/emergency/{opening}/{path.format(report=report)}")
        return page

    return opened


def scanned_of_no_help(phone: OpenPhone) -> Page:
    """A code on the patient that opens nothing any more."""
    page = phone(Colleague("nurse"), viewport=DESK)
    page.goto("/emergency/")
    page.fill("input[name=who]", f"{secrets.token_hex(32).upper()}:0:B:T:X")
    page.fill("textarea[name=reason]", "车祸昏迷，需要了解过敏史")
    press(page, "打开急救信息")
    page.locator(".field-wrong").first.wait_for()
    return page


def leaving() -> Reader:
    """Somebody who left something for rescuers."""
    who = reader(is_open=False)
    leave(who)
    return who


def leave(who: Reader) -> None:
    """Blood group, allergies and a contact."""
    keep_emergency_info(
        account_pk=who.account.pk,
        person_id=who.card().subject,
        details=EmergencyDetails(
            "O", "-", "青霉素过敏", "高血压十年", "氨氯地平 5mg", (Contact("测试丙", "女儿", "13900009999"),)
        ),
        actor=who.actor,
    )


def _token() -> str:
    shown = ask_with_code(purpose="outpatient", kinds=list(RecordKind.values), actor=doctor())
    return shown.text.rstrip("/").rpartition("/")[2]
