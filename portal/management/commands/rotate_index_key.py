"""Exchange the key of the blind indexes while the product runs."""

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto import keystore, reindexing
from gmcrypto.errors import GmCryptoError
from gmcrypto.keyring import Key, Purpose
from portal import keys


class Command(BaseCommand):
    """May be stopped at any time: ``continue`` goes on where it was."""

    help = (
        "begin: make the next key and move all rows to it, up to the end. continue: go on after a stop. "
        "status: say how far it is. Every process goes on working meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which step, and why."""
        parser.add_argument("step", choices=["begin", "continue", "status"])
        parser.add_argument("--reason", default="", help="goes into the audit; needed but for status")
        parser.add_argument(
            "--no-wait", action="store_true", help="stop where the other processes have to notice first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the end, or until there is something to wait for."""
        if options["step"] != "status" and not options["reason"].strip():
            raise CommandError("Give the reason: --reason ...")
        # Another command may have changed the keys a moment ago.
        try:
            keystore.ring().refresh()
            if options["step"] == "status":
                self._tell()
            else:
                self._run(options)
        except GmCryptoError as error:
            raise CommandError(str(error)) from error

    def _run(self, options: dict[str, Any]) -> None:
        actor, reason = Actor.system("rotate-index-key"), options["reason"]
        if options["step"] == "begin":
            self.stdout.write(f"{keys.begin_index(actor=actor, reason=reason).kid} is prepared.")
        while later := keys.advance_index(actor=actor, reason=reason, report=self.stderr.write):
            if options["no_wait"]:
                self.stdout.write(f"Go on after {_shown(later)}: rotate_index_key continue")
                return
            self.stderr.write(f"waiting until {_shown(later)}, when every process knows the key")
            time.sleep(max(1.0, (later - clock.now()).total_seconds()))
        self.stdout.write(f"Done: {keystore.active(Purpose.INDEX).kid} finds every row.")

    def _tell(self) -> None:
        upcoming, leaving = keystore.next_key(Purpose.INDEX), keystore.leaving_key(Purpose.INDEX)
        active = keystore.active(Purpose.INDEX)
        if upcoming is not None:
            self.stdout.write(f"{active.kid} is active; rows are being filled for {upcoming.kid}.")
            self._tell_rows(upcoming)
        elif leaving is not None:
            self.stdout.write(f"{active.kid} is active; rows are being switched from {leaving.kid}.")
            self._tell_rows(active)
        else:
            self.stdout.write(f"{active.kid} is active; no rotation is under way.")

    def _tell_rows(self, key: Key) -> None:
        for move in reindexing.progress(key.kid):
            state = "done" if move.finished_at else f"up to {move.last}"
            self.stdout.write(
                f"  {move.model}: {state}, {move.changed} changed, {move.destroyed} with a destroyed key"
            )


def _shown(moment: datetime) -> str:
    return f"{clock.beijing(moment):%H:%M:%S}"
