"""How accounts can be reached: asked once for many messages together."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from foundation.accounts import selectors as accounts
from notifications.models import Grant, Preference, QuietHours, Template
from notifications.models.template import TemplateState
from notifications.rules import routing
from notifications.rules.topics import Channel

# Under which of the accounts' methods each channel finds its recipient.
METHOD_OF: Mapping[str, str] = {
    Channel.SUBSCRIBE: "weixin_mini",
    Channel.OFFICIAL: "weixin_official",
    Channel.SMS: "phone",
}


class Reach:
    """The templates of some kinds, and methods, grants and wishes of some accounts."""

    def __init__(self, account_pks: Iterable[int | None], kinds: Iterable[str]) -> None:
        active = Template.objects.filter(kind__in=set(kinds), state=TemplateState.ACTIVE)
        self.templates = {(row.kind, row.channel): row for row in active}
        wanted = {pk for pk in account_pks if pk} if self.templates else set()
        self.methods = accounts.methods_of(wanted) if wanted else {}
        self._switched: dict[tuple[int, str], dict[str, bool]] = {}
        self._quiet: dict[int, QuietHours] = {}
        self._granted: set[tuple[int, str]] = set()
        if not self.methods:
            return
        for row in Preference.objects.filter(account__in=wanted):
            self._switched.setdefault((row.account_id, row.topic), {})[row.means] = row.is_on
        self._quiet = {row.account_id: row for row in QuietHours.objects.filter(account__in=wanted)}
        mini = [
            methods[METHOD_OF[Channel.SUBSCRIBE]]
            for methods in self.methods.values()
            if METHOD_OF[Channel.SUBSCRIBE] in methods
        ]
        if mini:
            open_grants = Grant.objects.filter(method__in=mini, left__gt=0)
            self._granted = set(open_grants.values_list("method", "template"))

    def open_channels(self, account_pk: int | None, kind: str) -> set[str]:
        """The channels that have words for the kind and a way to the account."""
        methods = self.methods.get(account_pk or 0, {})
        return {
            channel
            for channel, method in METHOD_OF.items()
            if method in methods
            and (template := self.templates.get((kind, channel))) is not None
            and (channel != Channel.SUBSCRIBE or (methods[method], template.external_id) in self._granted)
        }

    def switched(self, account_pk: int | None, topic: str) -> dict[str, bool]:
        """What the account said of the ways for a topic."""
        return self._switched.get((account_pk or 0, topic), {})

    def after_quiet(self, account_pk: int | None, moment: datetime) -> datetime:
        """The first moment from this one on that the account's quiet hours leave open."""
        row = self._quiet.get(account_pk or 0)
        if row is None:
            return routing.after_quiet(moment, *routing.QUIET)
        return routing.after_quiet(moment, row.starts, row.ends) if row.is_on else moment
