"""Lists of people for whom cards are made in advance, as files and as rows."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from cards.batch.reading import read
from cards.models import Batch, BatchRow
from cards.services.batch import hand_in
from cards.services.batch_work import work_on
from foundation.core.actor import Actor, ActorKind
from institutions import selectors as institutions
from mpi import services as persons
from mpi.types import PersonIdentity
from tests.cards.world import CENTRE, Hospital, citizen_number

HEADER = ("姓名", "证件类型", "证件号码", "性别", "联系电话", "院内号")


def line(name: str = "测试甲", number: str | None = None, patient: str = "", id_type: str = "") -> list[str]:
    """One line of the usual table."""
    return [name, id_type, citizen_number() if number is None else number, "", "13900000000", patient]


def csv_of(
    rows: Iterable[Sequence[str]], *, header: Sequence[str] = HEADER, encoding: str = "utf-8"
) -> bytes:
    return "\r\n".join(",".join(row) for row in [header, *rows]).encode(encoding)


def xlsx_of(rows: Iterable[Sequence[Any]], *, header: Sequence[str] = HEADER) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header, *rows]:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def clerk_of(place: Hospital) -> Actor:
    """Somebody of the hospital's staff."""
    return Actor(
        kind=ActorKind.STAFF,
        id="c" * 26,
        institution=place.public_id,
        scopes=frozenset({"institution_admin"}),
    )


def handed_in(place: Hospital, rows: Sequence[Sequence[str]]) -> Batch:
    """A list of the hospital's patients."""
    content = csv_of(rows)
    actor = clerk_of(place)
    return hand_in(
        rows=read(content),
        content=content,
        kind="patients",
        institution_pk=institutions.visible(actor).get().pk,
        actor=actor,
    )


def worked_off(batch: Batch) -> Batch:
    """The list, when the worker has nothing more to do with it for now."""
    while work_on(public_id=batch.public_id, seconds=60):
        continue
    batch.refresh_from_db()
    return batch


def results(batch: Batch) -> dict[int, tuple[str, str]]:
    """State and reason of each line."""
    return {row.line: (row.state, row.reason) for row in BatchRow.objects.filter(batch=batch)}


def registered(number: str) -> int:
    """Register somebody, or find who is registered."""
    return persons.register_person(
        identity=PersonIdentity(name="测试甲", id_type="01", id_number=number), source="tests", actor=CENTRE
    ).person_pk
