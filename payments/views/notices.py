"""Where channels tell what happened: checked here, kept in the inbox, answered in their own form."""

from dataclasses import replace

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from foundation.core import http
from foundation.events import services as events
from foundation.gateway import bodies
from payments.errors import ProviderUnknown
from payments.handlers import NOTICE
from payments.models import Channel
from payments.providers import online_provider
from payments.providers.base import Notice, Payment, Refunded
from payments.providers.errors import ChannelError, NoticeRefused
from payments.services.asking import sure_payment
from payments.services.channels import merchant_of
from payments.services.returning import sure_refund

log = structlog.get_logger(__name__)

LARGEST_BYTES = 65_536
SECONDS = 3.0


@csrf_exempt
@require_POST
def pay_notice(request: HttpRequest, provider: str, channel_id: str) -> HttpResponse:
    """Keep what a channel tells, once; what is not from it is refused as it expects that."""
    try:
        asked = online_provider(provider)
    except ProviderUnknown:
        return HttpResponse(status=404)
    channel = Channel.objects.filter(public_id=channel_id, provider=asked.code).first()
    if channel is None:
        return HttpResponse(status=404)
    body = bodies.read(request, max_bytes=LARGEST_BYTES)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        notice = asked.read_notice(merchant_of(channel), headers, body)
        # Channels wait about five seconds for the answer.
        with http.within(SECONDS):
            notice = replace(notice, said=_sure(notice.said, channel))
    except NoticeRefused as exc:
        log.warning("notice_refused", provider=provider, code=exc.code)
        answer = asked.answer(accepted=False)
    except ChannelError as exc:
        # It tells again, and by then the channel may answer.
        log.info("notice_not_sure", provider=provider, code=exc.code)
        answer = asked.answer(accepted=False)
    else:
        events.receive(
            source=f"pay:{channel.public_id}",
            message_id=notice.id,
            topic=NOTICE,
            payload={"channel": channel.public_id, **_said(notice)},
        )
        answer = asked.answer(accepted=True)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _sure(said: Payment | Refunded, channel: Channel) -> Payment | Refunded:
    return sure_payment(said, channel) if isinstance(said, Payment) else sure_refund(said, channel)


def _said(notice: Notice) -> dict[str, object]:
    said = notice.said
    at = said.paid_at if isinstance(said, Payment) else said.ended_at
    return {
        "kind": notice.kind.value,
        "number": said.number,
        "state": said.state.value,
        "amount_fen": said.amount_fen,
        "channel_ref": said.channel_ref,
        "at": at.isoformat() if at else "",
        "reason": said.reason,
    }
