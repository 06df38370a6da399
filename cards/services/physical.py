"""The register of physical cards: loaded by staff of the centre, a card stopped or released."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from cards.errors import (
    PhysicalBirthDateNeeded,
    PhysicalCardMoveRefused,
    PhysicalFileRefused,
    PhysicalNumberMalformed,
    PhysicalNumberTaken,
)
from cards.models import PhysicalCard
from cards.states import PhysicalState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.core.ids import new_public_id
from foundation.core.text import normalise_name, normalise_number, read_table
from gmcrypto import index
from institutions.rules import Duty
from institutions.services import require
from mpi.errors import raise_first
from mpi.rules import (
    birth_date_of,
    canonical_number,
    check_certificate,
    check_name,
    check_phone,
    normalise_phone,
)

NUMBER_DOMAIN = "physical-card"
COLUMNS = ("卡号", "姓名", "证件类型", "证件号码", "手机号")
# Needed in the rows of those whose certificate does not tell it.
BIRTH_DATE = "出生日期"
MOST_ROWS = 1000
MOST_BYTES = 1_000_000
_NUMBER = re.compile(r"[0-9A-Z]{6,32}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file.

    Attributes:
        problems: Line of the file and what is wrong with it.
    """

    load_id: str
    count: int
    problems: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    number: str
    name: str
    id_type: str
    id_number: str
    birth_date: date | None
    phone: str


def canonical_card_number(*, text: str) -> str:
    """The number of a physical card without spaces and in capitals.

    Raises:
        PhysicalNumberMalformed: If it cannot be one.
    """
    number = normalise_number(text)
    if not _NUMBER.fullmatch(number):
        raise PhysicalNumberMalformed(field="number")
    return number


def load_cards(*, content: bytes, actor: Actor, reason: str) -> Loaded:
    """Register the cards of a CSV file, row by row; a row at fault stops no other.

    Loading the same file again registers nothing twice.

    Raises:
        PhysicalFileRefused: If the file is too large, or not of the form.
    """
    require(actor, Duty.MANAGE_CARDS)
    rows = _rows(content)
    load_id = new_public_id()
    problems: list[tuple[int, str]] = []
    count = 0
    with transaction.atomic():
        for line, values in rows:
            try:
                _register(_checked(values), load_id)
                count += 1
            except DomainError as exc:
                problems.append((line, exc.text()))
        audit.record(
            Action.PHYSICAL_CARDS_LOADED,
            actor=actor,
            subject=("cards.PhysicalCardLoad", load_id),
            reason=reason,
            details={"count": count},
        )
    return Loaded(load_id, count, tuple(problems))


@transaction.atomic
def switch_card(*, card_pk: int, is_open: bool, reason: str, actor: Actor) -> None:
    """Release a card of the register for activation, or stop it.

    Raises:
        PhysicalCardMoveRefused: If it was activated, or is so already.
    """
    require(actor, Duty.MANAGE_CARDS)
    before, after = PhysicalState.BLOCKED, PhysicalState.REGISTERED
    if not is_open:
        before, after = after, before
    moved = PhysicalCard.objects.filter(pk=card_pk, state=before, shredded_at=None).update(
        state=after, updated_at=clock.now()
    )
    if not moved:
        raise PhysicalCardMoveRefused
    audit.record(
        Action.PHYSICAL_CARD_SWITCHED,
        actor=actor,
        subject=PhysicalCard.objects.only("public_id").get(pk=card_pk),
        reason=reason,
        details={"before": before.value, "after": after.value},
    )


def _rows(content: bytes) -> list[tuple[int, Mapping[str, str]]]:
    if len(content) > MOST_BYTES:
        raise PhysicalFileRefused(most=MOST_ROWS)
    try:
        reader = csv.DictReader(io.StringIO(read_table(content)), strict=True)
        header = [name.strip() for name in reader.fieldnames or ()]
        if not set(COLUMNS) <= set(header):
            raise PhysicalFileRefused(most=MOST_ROWS)
        reader.fieldnames = header
        rows: list[tuple[int, Mapping[str, str]]] = [
            (reader.line_num, {name: (values.get(name) or "").strip() for name in (*COLUMNS, BIRTH_DATE)})
            for values in reader
        ]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise PhysicalFileRefused(most=MOST_ROWS) from exc
    if len(rows) > MOST_ROWS:
        raise PhysicalFileRefused(most=MOST_ROWS)
    return rows


def _checked(values: Mapping[str, str]) -> _Row:
    number = canonical_card_number(text=values["卡号"])
    id_type = values["证件类型"] or "01"
    today = clock.beijing(clock.now()).date()
    born = _date(values[BIRTH_DATE])
    raise_first(
        [
            *check_certificate(id_type, values["证件号码"], born, today=today),
            *check_name(values["姓名"]),
            *check_phone(values["手机号"]),
        ]
    )
    if born is None and birth_date_of(id_type, values["证件号码"]) is None:
        raise PhysicalBirthDateNeeded
    return _Row(
        number=number,
        name=normalise_name(values["姓名"]),
        id_type=id_type,
        id_number=canonical_number(id_type, values["证件号码"]),
        birth_date=born,
        phone=normalise_phone(values["手机号"]),
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-")) if text else None
    except ValueError as exc:
        raise PhysicalBirthDateNeeded from exc


def _register(row: _Row, load_id: str) -> None:
    try:
        with transaction.atomic():
            PhysicalCard.objects.create(
                number=row.number,
                number_index=index.blind_index(NUMBER_DOMAIN, row.number),
                number_index_next=index.next_blind_index(NUMBER_DOMAIN, row.number),
                name=row.name,
                id_type=row.id_type,
                id_number=row.id_number,
                birth_date=row.birth_date.isoformat() if row.birth_date else None,
                phone=row.phone,
                load_id=load_id,
            )
    except IntegrityError as exc:
        raise PhysicalNumberTaken from exc
