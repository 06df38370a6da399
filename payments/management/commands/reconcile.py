"""Have a day reconciled now; for an operator, as often as wanted."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Exists, OuterRef, Q

from payments.models import Channel, ChannelState, Difference, InsuranceOrder, StatementFile
from payments.reconciliation.rules import CLOSED, LIVE, bounds
from payments.selectors.books import check_books
from payments.services import closing, reconciling, reconciling_now, statements
from payments.services.differences import MATCHING, Outcome
from payments.services.insuring import comparing


class Command(BaseCommand):
    """Asks the channels for their statements of a day, compares, and says what is open.

    Ends with status 1 where a statement is missing or a difference is not decided.
    """

    help = "Fetch the statements of a day (Beijing), compare them, and say which differences are open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which day, and whether the channels are asked."""
        parser.add_argument("--day", required=True, type=date.fromisoformat, help="YYYY-MM-DD, in Beijing")
        parser.add_argument("--channel", default="", help="public id of one channel")
        parser.add_argument(
            "--no-fetch", action="store_true", help="compare what is here, without asking the channels"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch, compare, close, tell."""
        day: date = options["day"]
        if not options["no_fetch"]:
            for file in statements.ask_for_day(day=day, channel=options["channel"], actor=MATCHING):
                state = statements.fetch_statement(file=file)
                self.stdout.write(f"{file} {state.value}")
            for order in () if options["channel"] else comparing.orders_of(day=day):
                comparing.compare_order(order=order, actor=MATCHING)
        outcome = Outcome()
        rows = StatementFile.objects.filter(day=day, is_current=True)
        if options["channel"]:
            rows = rows.filter(channel__public_id=options["channel"])
        for file in rows.filter(state__in=CLOSED).order_by("pk").values_list("public_id", flat=True):
            outcome += reconciling.reconcile_file(file=file, actor=MATCHING)
        outcome += reconciling_now.reconcile_now(actor=MATCHING)
        closing.close_days(actor=MATCHING)
        missing = self._missing(day, options["channel"])
        open_ = Difference.objects.filter(day=day, state__in=LIVE).order_by("pk")
        for row in open_:
            self.stdout.write(
                f"{row.public_id} {row.party} {row.kind} {row.key} {row.ours_fen} {row.theirs_fen}"
            )
        self.stdout.write(
            f"{day.isoformat()}: {outcome.found} found, {outcome.healed} healed, {open_.count()} open,"
            f" {missing} statements missing, {len(check_books())} findings in the books."
        )
        if missing or open_:
            raise CommandError("The day is not reconciled.")

    def _missing(self, day: date, channel: str) -> int:
        """How many channels have not stated the day, and how many orders no insurer was asked for."""
        files = StatementFile.objects.filter(day=day, is_current=True, channel=OuterRef("pk"))
        channels = Channel.objects.filter(created_at__lt=bounds(day)[1]).filter(
            Q(state=ChannelState.ON) | Exists(files)
        )
        channels = channels.exclude(Exists(files.filter(state__in=CLOSED)))
        if channel:
            return channels.filter(public_id=channel).count()
        orders = InsuranceOrder.objects.filter(public_id__in=comparing.orders_of(day=day))
        return channels.count() + orders.filter(compared_at=None).count()
