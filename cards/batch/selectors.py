"""Reading lists and their lines, always for somebody."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from cards.batch.states import OPEN, RowState, sentence_of
from cards.models import Batch, BatchRow
from foundation.core.actor import Actor
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import blind_index_candidates
from institutions import selectors as institutions

# The domain of the index that finds an institution's own number.
LOCAL_DOMAIN = "batch-patient-number"
READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list is."""

    total: int
    counts: Counter[str]

    @property
    def done(self) -> int:
        """Lines that are decided."""
        return self.total - self.counts[RowState.WAITING.value]

    @property
    def percent(self) -> int:
        """Of a hundred lines, how many are decided."""
        return self.done * 100 // self.total if self.total else 100


def visible_batches(actor: Actor) -> "QuerySet[Batch]":
    """The lists that somebody may see: the centre all, an institution its own."""
    return institutions.scope(Batch.objects.select_related("institution"), actor)


def visible_rows(actor: Actor) -> "QuerySet[BatchRow]":
    """The lines that somebody may see, as their lists."""
    rows = BatchRow.objects.select_related("batch__institution")
    return institutions.scope(rows, actor, path="batch__institution__public_id")


def progress_of(batches: Iterable[Batch]) -> dict[int, Progress]:
    """How far each list is, in one query."""
    wanted = {batch.pk: batch for batch in batches}
    counts: dict[int, Counter[str]] = {pk: Counter() for pk in wanted}
    rows = BatchRow.objects.filter(batch__in=wanted).values_list("batch", "state").annotate(Count("pk"))
    for pk, state, number in rows:
        counts[pk][state] = number
    return {pk: Progress(batch.total, counts[pk]) for pk, batch in wanted.items()}


def is_open(batch: Batch) -> bool:
    """Whether there is still something to do."""
    return batch.state in OPEN


def by_patient_id(rows: "QuerySet[BatchRow]", patient_id: str) -> "QuerySet[BatchRow]":
    """The lines with this number of the institution."""
    return rows.filter(local_index__in=blind_index_candidates(LOCAL_DOMAIN, patient_id.strip()))


def lines_of(batch: Batch, state: RowState | None = None) -> Iterator[BatchRow]:
    """The lines of a list in their order, ready to be read; a list may be long."""
    rows = BatchRow.objects.filter(batch=batch).order_by("line")
    if state is not None:
        rows = rows.filter(state=state)
    last = 0
    while page := list(rows.filter(line__gt=last)[:READ_AT_ONCE]):
        prefetch_keys(page)
        yield from page
        last = page[-1].line


def why(row: BatchRow) -> str:
    """Why the line is where it is, in the active language; empty where all went well."""
    return sentence_of(row.reason, row.reason_number)
