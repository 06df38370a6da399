"""Which failed tests are run a second time: a story or two in a browser, and nothing else.

A story plays between a browser, nine processes and the clock of a machine that does other work too. One
that fails is run once more, by itself, when all else is done; both results are shown, and the summary names
it, because as often as not it has found a race. All other tests have one try, and so have stories when more
than a few fail.
"""

import json
from pathlib import Path
from typing import Final

MOST: Final = 2
_STORIES: Final = ("tests/e2e/", "tests/pages/")


def chosen(cache: Path) -> list[str]:
    """The failed tests of a run, if they are few and each is a story; else none.

    Args:
        cache: Pytest's ``cache_dir`` of that run and no other.
    """
    found = cache / "v" / "cache" / "lastfailed"
    failed = list(json.loads(found.read_text())) if found.exists() else []
    # What has no "::" is a file that could not even be read.
    are_stories = all(test.startswith(_STORIES) and "::" in test for test in failed)
    return failed if are_stories and len(failed) <= MOST else []
