"""What an applicant does: begin, answer, file documents, hand in, take test credentials.

Nobody here has an account. The pages prove the phone by a code and keep the application in the
session; the services act for whoever did that, as ``APPLICANT``.
"""

import secrets
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

import gmcrypto
from foundation.accounts.phone_codes import phone_digest
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, StalePage
from foundation.core.ids import crockford
from foundation.core.text import normalise_name, normalise_number
from institutions import rules as institution_rules
from institutions import selectors as institutions
from institutions.errors import UnknownRegion, WrongCreditCode
from onboarding import files, selectors
from onboarding.errors import JoiningIncomplete, JoiningPhoneWrong, JoiningStateConflict, TermsNotAccepted
from onboarding.models import Document, Joining
from onboarding.rules import (
    ANSWERS,
    JOINING_DOCUMENTS,
    WRITABLE,
    DocumentKind,
    JoiningState,
    Question,
    first_open,
)

APPLICANT = Actor.system("applicant")
TERMS_VERSION = "2026-11"
_REFERENCE_LENGTH = 10
_LONGEST_CODE = 22
_DAY = 24 * 3600
STARTS_A_DAY = 5
FILES_A_DAY = 40


@transaction.atomic
def start_joining(*, phone: str, actor: Actor) -> Joining:
    """Begin an application for whoever has proved this phone.

    Raises:
        TooManyRequests: More than five a day for one number.
    """
    ratelimit.hit(f"joining:{phone_digest(phone)}", limit=STARTS_A_DAY, per_seconds=_DAY)
    reference = crockford(secrets.token_bytes(6), _REFERENCE_LENGTH).upper()
    joining = Joining.objects.create(reference=reference, contact_phone=phone)
    audit.record(Action.JOINING_STARTED, actor=actor, subject=joining)
    return joining


def find_joining(*, reference: str, phone: str, actor: Actor) -> Joining:
    """The application that belongs to a reference and to a phone that was just proved.

    Raises:
        JoiningPhoneWrong: There is no such pair; the answer does not say what is wrong with it.
    """
    joining = Joining.objects.filter(reference=normalise_number(reference), shredded_at=None).first()
    if joining is None or not gmcrypto.same(joining.contact_phone.encode(), phone.encode()):
        audit.record(
            Action.JOINING_PHONE_REFUSED, actor=actor, subject=("accounts.Phone", phone_digest(phone))
        )
        raise JoiningPhoneWrong(field="reference")
    return joining


@transaction.atomic
def save_answers(
    *, joining: Joining, version: int, question: Question, answers: Mapping[str, str], actor: Actor
) -> Joining:
    """Keep the answers to one question; the second of two clicks finds its own kept.

    Raises:
        InvalidInput, WrongCreditCode, UnknownRegion: An answer is wrong; ``field`` names it.
        StalePage: The application was changed since the page was drawn, or is being examined.
    """
    given = _checked(question, {name: answers[name] for name in ANSWERS[question]})
    if not Joining.objects.filter(
        pk=joining.pk, version=version, state__in=WRITABLE, shredded_at=None
    ).update(version=F("version") + 1, updated_at=clock.now()):
        known = Joining.objects.get(pk=joining.pk)
        if known.shredded_at is not None or known.state not in WRITABLE:
            raise StalePage
        if any(getattr(known, name) != value for name, value in given.items()):
            raise StalePage
        return known
    fresh = Joining.objects.get(pk=joining.pk)
    for name, value in given.items():
        setattr(fresh, name, value)
    fresh.save(update_fields=[*given, "updated_at"])
    return fresh


@transaction.atomic
def file_document(*, joining: Joining, kind: DocumentKind, content: bytes, actor: Actor) -> Document:
    """Keep a document, encrypted; an earlier one of its kind stays as evidence, superseded.

    Raises:
        FileEmpty, FileTooLarge, FileUnknown, FileActive: As ``files.media_type_of``.
        JoiningStateConflict: The application is being examined, or was decided upon.
        TooManyRequests: Too many files in a day.
    """
    if kind not in JOINING_DOCUMENTS:
        raise InvalidInput(field="kind")
    ratelimit.hit(f"joining-files:{joining.public_id}", limit=FILES_A_DAY, per_seconds=_DAY)
    media_type = files.media_type_of(content)
    if not Joining.objects.filter(pk=joining.pk, state__in=WRITABLE, shredded_at=None).update(
        version=F("version") + 1, updated_at=clock.now()
    ):
        raise JoiningStateConflict
    joining.documents.filter(kind=kind, is_current=True).update(is_current=False)
    return keep_document(
        document=Document(joining=joining, subject=joining.public_id, kind=kind),
        content=content,
        media_type=media_type,
        institution="",
        actor=actor,
    )


def keep_document(
    *, document: Document, content: bytes, media_type: str, institution: str, actor: Actor
) -> Document:
    """Complete and store a document whose content has been looked at, in the caller's transaction."""
    document.content = content
    document.media_type = media_type
    document.size = len(content)
    document.digest = gmcrypto.sm3(content).hex()
    document.save()
    audit.record(
        Action.DOCUMENT_FILED,
        actor=actor,
        subject=document,
        institution=institution,
        details={"kind": str(document.kind), "digest": document.digest, "reference": document.subject},
    )
    return document


@transaction.atomic
def submit_joining(*, joining: Joining, version: int, agreed: bool, actor: Actor) -> Joining:
    """Hand the application in, the first time or after a correction.

    Of two clicks in the same moment the second finds it handed in, and changes nothing.

    Raises:
        TermsNotAccepted: The terms were not agreed to.
        JoiningIncomplete: An answer or a required document is missing.
        StalePage: It was changed since the page was drawn.
    """
    if not agreed:
        raise TermsNotAccepted(field="agreed")
    documents = frozenset(joining.documents.filter(is_current=True).values_list("kind", flat=True))
    if first_open(selectors.answers_of(joining), documents) is not Question.CHECK:
        raise JoiningIncomplete
    moment = clock.now()
    moved = Joining.objects.filter(
        pk=joining.pk, version=version, state__in=WRITABLE, shredded_at=None
    ).update(
        state=JoiningState.SUBMITTED,
        version=F("version") + 1,
        terms_version=TERMS_VERSION,
        agreed_at=moment,
        submitted_at=moment,
        updated_at=moment,
    )
    if not moved:
        known = Joining.objects.get(pk=joining.pk)
        if known.state != JoiningState.SUBMITTED or known.version != version + 1:
            raise StalePage
        return known
    audit.record(
        Action.JOINING_SUBMITTED,
        actor=actor,
        subject=joining,
        details={"before": joining.state, "version": TERMS_VERSION},
    )
    return Joining.objects.get(pk=joining.pk)


def _checked(question: Question, answers: dict[str, str]) -> dict[str, str]:
    given = {name: " ".join(value.split()) for name, value in answers.items()}
    for name, value in given.items():
        if not value:
            raise InvalidInput(field=name)
    if question is Question.NUMBER:
        given = {name: normalise_number(value) for name, value in given.items()}
        if not institution_rules.is_uscc(given["uscc"]):
            raise WrongCreditCode(field="uscc")
        # One character can stand for several until it is brought into its normal form.
        if not 0 < len(given["code"]) <= _LONGEST_CODE:
            raise InvalidInput(field="code")
    if question is Question.PLACE and not institutions.is_region(given["region"]):
        raise UnknownRegion(field="region")
    if question is Question.KIND:
        wrong = institution_rules.wrong_code(given["level"], given["category"], "")
        if wrong:
            raise InvalidInput(field=wrong)
    if question is Question.CONTACT:
        given["contact_name"] = normalise_name(given["contact_name"])
    return given
