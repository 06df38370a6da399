"""Hospitals that speak the platform's dialect, made by services."""

import itertools
import secrets
from typing import Any

from cards.services.binding import bind_card
from foundation.core.actor import Actor, ActorKind
from foundation.gateway import services as gateway
from foundation.gateway.scopes import SCOPES
from institutions import rules as institution_rules
from institutions import services as institutions
from institutions.types import InstitutionDetails
from tests.cards.world import CENTRE, Holder
from tests.interop.programs import Program
from tests.interop.sdk_programs import SdkProgram, sm3

TERMINAL = "W01"
ALL = tuple(SCOPES)
_serials = itertools.count(secrets.randbelow(10**6))


class Place:
    """An approved hospital with one terminal and one program."""

    def __init__(self, scopes: tuple[str, ...] = ALL) -> None:
        serial = next(_serials)
        self.hospital_id = f"{10_000 + serial % 90_000}"
        body = f"12110100{serial:09d}"
        institutions.add_region(code="110100", name="测试市", actor=CENTRE)
        self.public_id = institutions.register_institution(
            details=InstitutionDetails(
                code=f"X{serial}",
                name=f"测试医院{serial}",
                short_name="测试医院",
                region="110100",
                level="32",
                category="A100",
                uscc=body + institution_rules.uscc_check_character(body),
            ),
            actor=CENTRE,
        )
        institutions.approve(
            institution=self.public_id, hospital_id=self.hospital_id, actor=CENTRE, reason="测试"
        )
        institutions.add_terminal(
            institution=self.public_id, terminal_id=TERMINAL, name="一号窗口", kind="01", actor=CENTRE
        )
        self.client, self.key, self.program = self.new_program("HIS", scopes)

    def new_program(self, name: str, scopes: tuple[str, ...] = ALL) -> tuple[str, Any, Program]:
        client = gateway.create_client(institution=self.public_id, name=name, scopes=scopes, actor=CENTRE)
        key = gateway.add_key(client=client, algorithm="TENCENT", actor=CENTRE)
        return client, key, Program(self.hospital_id, key.kid, key.secret)

    def sdk_program(self, client: str) -> SdkProgram:
        """A program of a client that is built on the national SDK."""
        key = gateway.add_key(client=client, algorithm="NATIONAL", actor=CENTRE)
        return SdkProgram(key.kid, sm3(key.kid + key.secret), TERMINAL)


def visit(qr_code_text: str, **changes: Any) -> dict[str, Any]:
    """What a terminal sends with 143."""
    return {
        "qrCodeText": qr_code_text,
        "terminalId": TERMINAL,
        "time": "2026-11-21 09:30:00",
        "medicalStep": "0101012",
        "channelCode": "0100",
        "useCityCode": "110100",
        **changes,
    }


def bind(who: Holder, place: Place) -> None:
    actor = Actor(kind=ActorKind.CLIENT, id=place.client, institution=place.public_id)
    bind_card(card_pk=who.card.pk, actor=actor)
