"""Institutions that apply, and the pages that they meet."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

from django.conf import settings
from playwright.sync_api import Page, expect

from institutions.rules import Role
from onboarding.models import Joining
from onboarding.rules import DocumentKind, Question
from onboarding.services import invitations, joining, review
from onboarding.services.joining import APPLICANT
from tests.e2e.people import CENTRE, fresh_phone
from tests.onboarding.applying import JPEG, PDF, answers

OpenPhone = Callable[..., Page]
_serials = itertools.count(int(time.time()) % 8_000)


def fresh_serial() -> int:
    """A number of which no other test has an institution."""
    return next(_serials)


@dataclass(frozen=True)
class Applicant:
    """A browser that has proved the phone of an application, or holds an invitation's link."""

    joining: Joining | None = None
    token: str = ""

    def session(self) -> str:
        """The key of a session that holds it."""
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        if self.joining is not None:
            session["joining_proven"] = [self.joining.public_id, time.time() + 3_600]
        if self.token:
            session["invitation_token"] = self.token
        session.save()
        return str(session.session_key)


def begun() -> Applicant:
    """Somebody who has proved a phone and answered nothing."""
    return Applicant(joining.start_joining(phone=fresh_phone(), actor=APPLICANT))


def answered() -> Applicant:
    """Somebody who has answered all and filed what is needed."""
    row = begun().joining
    assert row is not None
    for word, data in answers(fresh_serial()).items():
        row = joining.save_answers(
            joining=row, version=row.version, question=Question(word), answers=data, actor=APPLICANT
        )
    for kind, content in ((DocumentKind.STAMPED_FORM, PDF), (DocumentKind.LICENCE, JPEG)):
        joining.file_document(joining=row, kind=kind, content=content, actor=APPLICANT)
    return Applicant(Joining.objects.get(pk=row.pk))


def submitted() -> Applicant:
    """Somebody whose application waits for the centre."""
    row = answered().joining
    assert row is not None
    return Applicant(joining.submit_joining(joining=row, version=row.version, agreed=True, actor=APPLICANT))


def decided(word: str) -> Callable[[], Applicant]:
    """Somebody whose application was decided upon."""

    def made() -> Applicant:
        applicant = submitted()
        row = applicant.joining
        assert row is not None
        if word == "approve":
            review.approve(joining=row.public_id, actor=CENTRE, reason="测试")
        else:
            decide = review.ask_correction if word == "correct" else review.refuse
            message = "许可证照片不清楚，请重新上传"
            decide(joining=row.public_id, message=message, actor=CENTRE, reason="测试")
        return replace(applicant, joining=Joining.objects.get(pk=row.pk))

    return made


def revoked() -> Applicant:
    """Somebody who may not make the administrator's account any more."""
    applicant = decided("approve")()
    assert applicant.joining is not None
    invitations.revoke_applicant(joining=applicant.joining.public_id, actor=CENTRE, reason="测试")
    return replace(applicant, joining=Joining.objects.get(pk=applicant.joining.pk))


def invited() -> Applicant:
    """Somebody who has opened an invitation's link."""
    row = decided("approve")().joining
    assert row is not None
    assert row.institution is not None
    made = invitations.invite(
        institution=row.institution.public_id, role=Role.WINDOW_CLERK, actor=CENTRE, reason="测试"
    )
    return Applicant(token=made.token)


def at(path: str, who: Callable[[], Applicant] | None = None) -> Callable[[OpenPhone], Page]:
    """An applicant, or nobody, opens an address."""

    def opened(phone: OpenPhone) -> Page:
        page = phone(who() if who else None)
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok or who is None, path
        return page

    return opened


def code_asked(phone: OpenPhone) -> Page:
    """The page that asks for the code."""
    page = at("/join/phone/")(phone)
    page.locator("input[name=phone]").fill(fresh_phone())
    page.locator("form.question button").click()
    expect(page.locator("input[name=code]")).to_be_visible()
    return page


def pressed(opening: Callable[[OpenPhone], Page], form: str, then: str) -> Callable[[OpenPhone], Page]:
    """What comes after a page's form was sent."""

    def opened(phone: OpenPhone) -> Page:
        page = opening(phone)
        page.locator(f"{form} button").first.click()
        expect(page.locator(then).first).to_be_visible()
        return page

    return opened


PAGES: tuple[tuple[str, str, Callable[[OpenPhone], Page]], ...] = (
    ("join", "join", at("/join/")),
    ("join-phone", "join-phone", at("/join/phone/")),
    ("join-code", "join-code", code_asked),
    ("join-status", "join-status", at("/join/status/")),
    ("join-name", "join-question", at("/join/name/edit/", begun)),
    ("join-wrong", "join-question", pressed(at("/join/number/edit/", begun), ".question", ".error-summary")),
    ("join-place", "join-question", at("/join/place/edit/", begun)),
    ("join-kind", "join-question", at("/join/kind/edit/", begun)),
    ("join-documents", "join-question", at("/join/documents/edit/", answered)),
    ("join-document", "join-document", at("/join/document/stamped_form/", begun)),
    ("join-form", "join-form", at("/join/form/", answered)),
    ("join-check", "join-question", at("/join/check/edit/", answered)),
    ("join-draft", "join-mine", at("/join/mine/", answered)),
    ("join-submitted", "join-mine", at("/join/mine/", submitted)),
    ("join-correction", "join-mine", at("/join/mine/", decided("correct"))),
    ("join-correct-name", "join-question", at("/join/name/edit/", decided("correct"))),
    ("join-refused", "join-mine", at("/join/mine/", decided("refuse"))),
    ("join-approved", "join-mine", at("/join/mine/", decided("approve"))),
    ("join-account-over", "join-mine", at("/join/mine/", revoked)),
    (
        "join-sandbox",
        "join-sandbox",
        pressed(at("/join/mine/", submitted), "form[action='/join/sandbox/']", ".facts"),
    ),
    ("invitation", "invitation-account", at("/invitation/", invited)),
    ("invitation-refused", "invitation", at("/invitation/00000000000000000000000000000000/")),
    ("invitation-done", "invitation-done", at("/invitation/done/")),
)
