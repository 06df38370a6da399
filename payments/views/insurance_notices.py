"""Where insurers tell what happened: checked, kept in the inbox, and taken as a reason to ask."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from foundation.events import services as events
from foundation.gateway import bodies
from payments.errors import ProviderUnknown
from payments.handlers import INSURANCE_NOTICE
from payments.insurance import insurer_of
from payments.models import InsurerSetup
from payments.providers.errors import ChannelMisconfigured, NoticeRefused
from payments.services.insuring.setups import merchant_of_setup

log = structlog.get_logger(__name__)

LARGEST_BYTES = 65_536


@csrf_exempt
@require_POST
def insurance_notice(request: HttpRequest, insurer: str, setup_id: str) -> HttpResponse:
    """Keep what an insurer tells, once; what is not from it is refused as it expects that."""
    try:
        asked = insurer_of(insurer)
    except ProviderUnknown:
        return HttpResponse(status=404)
    setup = InsurerSetup.objects.filter(public_id=setup_id, insurer=asked.code).first()
    if setup is None:
        return HttpResponse(status=404)
    body = bodies.read(request, max_bytes=LARGEST_BYTES)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        notice = asked.read_notice(merchant_of_setup(setup), headers, body)
    except (NoticeRefused, ChannelMisconfigured) as exc:
        log.warning("notice_refused", provider=insurer, code=exc.code)
        answer = asked.answer(accepted=False)
    else:
        events.receive(
            source=f"insurance:{setup.public_id}",
            message_id=notice.id,
            topic=INSURANCE_NOTICE,
            payload={"setup": setup.public_id, "order": notice.said.order_id},
        )
        answer = asked.answer(accepted=True)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
