"""Demo data of this room: a privacy notice in force."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from identity import services
from identity.errors import NoticeExists

VERSION = "2026-01"
NOTICES = Path(__file__).parent / "notices"


def load(context: dict[str, object]) -> None:
    """Publish the notice of the demo, once."""
    with suppress(NoticeExists):
        services.publish_notice(
            version=VERSION,
            text_zh=(NOTICES / f"{VERSION}.zh.txt").read_text("utf-8"),
            text_en=(NOTICES / f"{VERSION}.en.txt").read_text("utf-8"),
            in_force_from=datetime(2026, 1, 1, tzinfo=BEIJING),
            actor=Actor.system("demo"),
        )
    context["notice_version"] = VERSION
