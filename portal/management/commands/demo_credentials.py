"""``manage.py demo_credentials``: sign-ins and keys of the demo."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core.http import OutsideError
from portal import demo

MAX_CODES = 500


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_CODES:
        raise argparse.ArgumentTypeError(f"give a number from 0 to {MAX_CODES}")
    return number


class Command(BaseCommand):
    """Print the demo's credentials for people, or as JSON for programs."""

    help = "Print the demo's sign-ins and keys (only where DEMO is set)."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json`` for programs; ``--wechat-codes N`` for one-time codes."""
        parser.add_argument("--json", action="store_true", help="print JSON alone on stdout")
        parser.add_argument(
            "--wechat-codes", type=_count, default=0, metavar="N", help="add N codes of fresh WeChat users"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or say why not."""
        try:
            found = demo.credentials()
            if options["wechat_codes"]:
                found["wechatCodes"] = demo.weixin_codes(options["wechat_codes"])
        except demo.DemoRefused as exc:
            raise CommandError(str(exc)) from exc
        except LookupError as exc:
            raise CommandError(
                "the demo data is not loaded: run `make run` once, or `manage.py load_demo`"
            ) from exc
        except OutsideError as exc:
            raise CommandError(f"the sandbox does not answer ({exc}): is `make run` running?") from exc
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        self._print_for_people(found)

    def _print_for_people(self, found: dict[str, Any]) -> None:
        lines = [
            f"Residents' pages   {found['base_url']}/",
            f"Card centre        {found['base_url']}/admin/",
            f"Institution        {found['base_url']}/institution/",
            f"Outside systems    {found['sandbox_url']}/   (SMS codes appear here)",
            "",
            "Resident: sign in with any invented mobile number, for example 13900000001;",
            "the code appears on the page of the outside systems, which may ask for a certificate.",
        ]
        lines += [
            f"  with a card: phone {resident['phone']}, certificate {resident['idNumber']}"
            for resident in found["residents"]
        ]
        lines += ["", "Staff (password, then a code of the second factor):"]
        lines += [
            f"  {person['username']:<22} {person['password']}   TOTP secret {person['totpSecret']}"
            for person in found["staff"]
        ]
        lines += ["", "Keys for institutions' systems: manage.py demo_credentials --json"]
        self.stdout.write("\n".join(lines))
