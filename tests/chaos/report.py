"""What a run of the money chaos survived, as a table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import CompletedProcess

from tests.chaos.payers import WAYS, Story
from tests.chaos.truth import Books


@dataclass(frozen=True)
class Found:
    """Everything that a run came to."""

    seed: int
    seconds: float
    stories: list[Story]
    kills: list[str]
    met: Mapping[str, Mapping[str, int]]
    channels: Books
    ours: Books
    books: CompletedProcess[str]
    bills: Mapping[str, tuple[str, int, int]]


def written(found: Found) -> str:
    """The report as text."""
    faults = sum(sum(kinds.values()) for kinds in found.met.values()) + len(found.kills)
    lines = [
        f"Money chaos: {len(found.stories)} bills, seed {found.seed}, {found.seconds:.0f} s,"
        f" {faults} faults survived",
        "",
        *_table("killed (SIGKILL)", Counter(found.kills)),
    ]
    for system, kinds in found.met.items():
        lines += _table(f"faults at {system}", kinds)
    lines += _table("what payers did", Counter(story.end for story in found.stories))
    lines += _table("bills", Counter(state for state, _, _ in found.bills.values()))
    lines += ["", f"{'channel':<12}{'':>14}{'payments':>10}{'fen':>14}{'refunds':>10}{'fen':>14}"]
    for channel in WAYS:
        for side, books in (("the channel", found.channels), ("the product", found.ours)):
            own = books.of(channel)
            lines.append(
                f"{channel:<12}{side:>14}{len(own.taken):>10}{sum(own.taken.values()):>14}"
                f"{len(own.given_back):>10}{sum(own.given_back.values()):>14}"
            )
    lines += ["", f"check_books: {(found.books.stdout or found.books.stderr).strip()}", ""]
    return "\n".join(lines)


def _table(title: str, counts: Mapping[str, int]) -> list[str]:
    rows = [f"  {name:<28}{count:>8}" for name, count in sorted(counts.items())]
    return ["", title, *rows, f"  {'together':<28}{sum(counts.values()):>8}"]
