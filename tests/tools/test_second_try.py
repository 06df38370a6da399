"""Who has a second try, by what pytest itself writes down of a run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import second_try

FAILS = "def test_fails(): assert False\ndef test_passes(): assert True\n"
STORY, PAGE, MONEY = "tests/e2e/test_story.py", "tests/pages/test_page.py", "tests/payments/test_money.py"


def run(folder: Path, **files: str) -> Path:
    """Run tests that stand below a folder, in two processes as the checks do, and give their cache."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    cache = folder / "kept"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-n", "2", "-o", f"cache_dir={cache}"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1, 2), done.stdout
    return cache


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({STORY: FAILS}, [f"{STORY}::test_fails"]),
        ({STORY: FAILS, PAGE: FAILS}, [f"{STORY}::test_fails", f"{PAGE}::test_fails"]),
        ({MONEY: FAILS}, []),
        ({STORY: FAILS, MONEY: FAILS}, []),
        ({STORY: FAILS.replace("True", "False"), PAGE: FAILS}, []),
        ({STORY: "def test_("}, []),
        ({STORY: FAILS.replace("False", "True")}, []),
    ],
    ids=["a story", "two stories", "another test", "a story and another", "three", "no file", "none failed"],
)
def test_a_story_or_two_are_tried_again_and_nothing_else(
    tmp_path: Path, files: dict[str, str], chosen: list[str]
) -> None:
    assert sorted(second_try.chosen(run(tmp_path, **files))) == sorted(chosen)
