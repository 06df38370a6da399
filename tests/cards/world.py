"""Hospitals and people of this room's tests, made by services."""

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from cards import centre
from cards.codes.mint import mint_dynamic
from cards.models import Card, CardNumber, UsageRecord
from cards.rules import codes
from cards.services.issue import issue_card
from cards.verification import Verified, verify
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.gateway import credentials
from foundation.gateway import services as gateway
from foundation.gateway.caller import Caller
from foundation.gateway.scopes import SCOPES
from institutions import rules as institution_rules
from institutions import services as institutions
from institutions.types import InstitutionDetails
from mpi import rules as people
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.gateway.signing import Signer

CENTRE = Actor.system("tests")
NAME = "测试甲"
PHONE = "13900000000"
_numbers = itertools.count(secrets.randbelow(10**9))


@dataclass(frozen=True)
class Hospital:
    public_id: str
    terminal_id: str
    terminal: str
    caller: Caller
    signer: Signer


@dataclass(frozen=True)
class Holder:
    card: Card
    number: CardNumber
    id_number: str


def hospital(*, scopes: tuple[str, ...] = tuple(SCOPES), short_name: str = "测试医院") -> Hospital:
    serial = next(_numbers)
    institutions.add_region(code="110100", name="测试市", actor=CENTRE)
    body = f"12110100{serial % 10**9:09d}"
    public_id = institutions.register_institution(
        details=InstitutionDetails(
            code=f"T{serial}",
            name=f"{short_name}{serial}",
            short_name=short_name,
            region="110100",
            level="32",
            category="A100",
            uscc=body + institution_rules.uscc_check_character(body),
        ),
        actor=CENTRE,
    )
    institutions.approve(institution=public_id, actor=CENTRE, reason="测试")
    terminal = institutions.add_terminal(
        institution=public_id, terminal_id="W01", name="一号窗口", kind="01", place="门诊一楼", actor=CENTRE
    )
    client = gateway.create_client(institution=public_id, name="HIS", scopes=scopes, actor=CENTRE)
    key = gateway.add_key(client=client, algorithm="HMAC-SM3", actor=CENTRE)
    credential = credentials.load(key.kid)
    assert credential is not None
    return Hospital(
        public_id, "W01", terminal, credential.caller, Signer(client=client, kid=key.kid, secret=key.secret)
    )


def holder(*, name: str = NAME) -> Holder:
    id_number = citizen_number()
    person = mpi.register_person(
        identity=PersonIdentity(
            name=name, id_type="01", id_number=id_number, nation="01", phone=PHONE, address="测试路1号"
        ),
        source="tests",
        actor=CENTRE,
    )
    with transaction.atomic():
        card = issue_card(person_pk=person.person_pk, channel="institution", actor=CENTRE).card
    return Holder(card, card.numbers.get(), id_number)


def citizen_number() -> str:
    """An invented number of a division that no number begins with, with the right check digit."""
    serial = next(_numbers)
    body = f"110199{1950 + serial % 50}{serial % 12 + 1:02d}{serial % 28 + 1:02d}{900 + serial % 100}"
    return body + people.check_digit_of(body)


def code_of(who: Holder, *, at: datetime | None = None) -> str:
    return mint_dynamic(who.number, at=at or clock.now()).text


def static_of(who: Holder) -> str:
    return codes.emit_static(who.number.value)


def scan(
    text: str, where: Hospital, *, scene: str = "0101012", request_id: str = "", **details: object
) -> Verified:
    return verify(
        text=text,
        caller=where.caller,
        scene=scene,
        request_id=request_id or secrets.token_urlsafe(12),
        terminal_id=str(details.pop("terminal_id", where.terminal_id)),
        **details,  # type: ignore[arg-type]
    )


def set_rules(**changes: object) -> None:
    centre.change_rules(
        actor=CENTRE, reason="测试", in_force_from=clock.now() - timedelta(minutes=1), **changes
    )
    centre.forget()


def uses() -> int:
    """How many readings of codes have been recorded."""
    return UsageRecord.objects.count()
