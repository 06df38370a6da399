"""Which tests stay together when several processes share the work."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

STORIES: Final = "tests/e2e"


class TogetherByFile(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests share what is dear to make; all stories share one running product and one browser.

    With a product for each file the machine started thirteen of them, often two at a time.
    """

    def _split_scope(self, nodeid: str) -> str:
        return STORIES if nodeid.startswith(f"{STORIES}/") else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TogetherByFile | None:
    """Take this one where tests are given out by file."""
    return TogetherByFile(config, log) if config.getvalue("dist") == "loadfile" else None
