"""The ledger of what residents let the mini-program send them."""

from django.db import transaction
from django.db.models import F

from foundation.accounts import selectors as accounts
from foundation.core import clock
from notifications.models import Grant, Template
from notifications.models.template import TemplateState
from notifications.rules.topics import Channel

MINI = "weixin_mini"


@transaction.atomic
def note_answer(*, openid: str, template: str, is_accepted: bool) -> None:
    """Count what a user answered when the mini-program asked, as WeChat reports it."""
    method = accounts.method_of(MINI, openid)
    if method is None:
        return
    grant, _made = Grant.objects.get_or_create(
        method_id=method, template=template, defaults={"changed_at": clock.now()}
    )
    changes = {"is_refused": not is_accepted, "changed_at": clock.now()}
    if is_accepted:
        # A permanent grant is good for any number of messages; one row says so.
        left = F("left") + 1 if not _is_permanent(template) else 1
        Grant.objects.filter(pk=grant.pk).update(left=left, **changes)
    else:
        Grant.objects.filter(pk=grant.pk).update(**changes)


def note_withdrawn(*, openid: str, template: str) -> None:
    """Forget the grants of a user who switched the template off at WeChat."""
    method = accounts.method_of(MINI, openid)
    if method is not None:
        empty(method_pk=method, template=template)


def spend(*, method_pk: int, template: Template) -> bool:
    """Take one grant for one message; whether there was one."""
    grants = Grant.objects.filter(method=method_pk, template=template.external_id, left__gt=0)
    if template.is_permanent:
        return grants.exists()
    return bool(grants.update(left=F("left") - 1, changed_at=clock.now()))


def give_back(*, method_pk: int, template: Template) -> None:
    """Put a grant back whose message did not reach WeChat."""
    if not template.is_permanent:
        Grant.objects.filter(method=method_pk, template=template.external_id).update(left=F("left") + 1)


def empty(*, method_pk: int, template: str) -> None:
    """Set the count to nothing: WeChat says that the user wants none, or has none left."""
    Grant.objects.filter(method=method_pk, template=template).update(
        left=0, is_refused=True, changed_at=clock.now()
    )


def _is_permanent(template: str) -> bool:
    return Template.objects.filter(
        external_id=template, channel=Channel.SUBSCRIBE, state=TemplateState.ACTIVE, is_permanent=True
    ).exists()
