"""Calls about lists of people for whom cards are made in advance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.results import moment
from sdk.transport import Connection, without_empty


@dataclass(frozen=True, slots=True)
class BatchPerson:
    """One line of a list; every field may be empty, because the unnamed are wanted too.

    Attributes:
        patient_id: The institution's own number for the person.
    """

    name: str = field(default="", repr=False)
    id_type: str = ""
    id_number: str = field(default="", repr=False)
    sex: str = ""
    birth_date: str = field(default="", repr=False)
    nation: str = ""
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A list, and how far it is.

    Attributes:
        note: Why the list rests by itself; mostly empty.
        counts: Lines by state.
    """

    batch_id: str
    kind: str
    state: str
    note: str
    total: int
    counts: Mapping[str, int]
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one line; ``reason`` is a stable code, empty where all went well."""

    line: int
    patient_id: str
    state: str
    reason: str
    reason_text: str
    health_card_id: str | None = field(repr=False)
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchResults:
    """One page of lines; ``next_after`` is the ``after`` of the next, None at the end."""

    rows: Sequence[BatchResult]
    next_after: int | None


class BatchCalls(Connection):
    """Lists of the institution's people."""

    def create_batch(
        self, *, kind: str, rows: Sequence[BatchPerson], idempotency_key: str = ""
    ) -> BatchProgress:
        """Hand in a list of at most 500 people; it is worked on in the background.

        Args:
            kind: What the list is of, for example ``patients``.
        """
        body = {"kind": kind, "rows": [without_empty(asdict(row)) for row in rows]}
        return self._change("/batches", body, _progress, idempotency_key)

    def read_batch(self, batch_id: str) -> BatchProgress:
        """How far a list is; ask every few seconds at most, until ``finished_at`` is there."""
        return self._read(f"/batches/{quote(batch_id, safe='')}", _progress)

    def read_batch_rows(self, batch_id: str, *, after: int = 0, state: str = "") -> BatchResults:
        """One page of a list's lines with their results.

        Args:
            after: Lines after this one.
            state: Only lines in this state, for example ``unnamed``.
        """
        path = f"/batches/{quote(batch_id, safe='')}/rows"
        return self._read(path, _results, {"after": after, "state": state})

    def batch_rows(self, batch_id: str, *, state: str = "") -> Iterator[BatchResult]:
        """All lines of a list, page after page."""
        after: int | None = 0
        while after is not None:
            page = self.read_batch_rows(batch_id, after=after, state=state)
            yield from page.rows
            after = page.next_after


def _progress(answer: Mapping[str, Any]) -> BatchProgress:
    return BatchProgress(
        batch_id=answer["batch_id"],
        kind=answer["kind"],
        state=answer["state"],
        note=answer["note"],
        total=answer["total"],
        counts=answer["counts"],
        created_at=datetime.fromisoformat(answer["created_at"]),
        finished_at=moment(answer["finished_at"]),
    )


def _results(answer: Mapping[str, Any]) -> BatchResults:
    rows = [
        BatchResult(
            line=row["line"],
            patient_id=row["patient_id"],
            state=row["state"],
            reason=row["reason"],
            reason_text=row["reason_text"],
            health_card_id=row["health_card_id"],
            decided_at=moment(row["decided_at"]),
        )
        for row in answer["rows"]
    ]
    return BatchResults(rows, answer["next_after"])
