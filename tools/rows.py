"""``make rows``: every row of the catalogue with the number of its tests.

Counted from the marks (``@pytest.mark.row("ID-07")``) of the tests that pytest collects, so a
parametrised test counts once for each of its cases.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "rows.txt"


class Marks:
    """A plugin of pytest that counts marks."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count each row of each test once."""
        for item in items:
            self.found.update({str(mark.args[0]) for mark in item.iter_markers("row")})


def rows() -> list[str]:
    """The IDs of the catalogue, in its order."""
    lines = LIST.read_text("utf-8").splitlines()
    return [line.split(" ", 1)[0] for line in lines if line and not line.startswith("#")]


def count() -> Counter[str]:
    """How many tests show each row.

    Raises:
        SystemExit: If the tests cannot be collected.
    """
    marks = Marks()
    if pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(ROOT / "tests")], [marks]):
        raise SystemExit("the tests cannot be collected")
    return marks.found


def main() -> None:
    """Print one line for each row."""
    stdout, sys.stdout = sys.stdout, sys.stderr
    found = count()
    sys.stdout = stdout
    known = rows()
    sys.stdout.writelines(f"{row} {found[row]}\n" for row in known)
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise SystemExit(f"no row of docs/rows.txt: {' '.join(unknown)}")


if __name__ == "__main__":
    main()
