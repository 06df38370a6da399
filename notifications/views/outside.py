"""What carriers tell us afterwards: verified here, kept in the inbox, answered in their own form."""

import hashlib
import hmac
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

import gmcrypto
from foundation.carriers import sms
from foundation.carriers import weixin_push as carrier
from foundation.core import clock
from foundation.events import services as events
from foundation.gateway import bodies, webhooks

WEIXIN_PUSH = "weixin.push.v1"
SMS_RECEIPT = "sms.receipt.v1"
LARGEST_BYTES = 65_536
SKEW_SECONDS = 300


@csrf_exempt
@require_http_methods(["GET", "POST"])
def weixin_push(request: HttpRequest, application: str) -> HttpResponse:
    """WeChat proves the address (GET), or tells something (POST), and waits for ``success``."""
    appids = {"mini": settings.WEIXIN_MINI_APPID, "official": settings.WEIXIN_OFFICIAL_APPID}
    appid, query = appids.get(application, ""), request.GET.dict()
    token = settings.WEIXIN_PUSH_TOKEN
    if not appid or not token:
        return HttpResponse(status=404)
    if request.method == "GET":
        parts = (query.get("timestamp", ""), query.get("nonce", ""))
        if carrier.is_signed(token, *parts, signature=query.get("signature", "")):
            return HttpResponse(query.get("echostr", ""), content_type="text/plain")
        return HttpResponse(status=403)
    body = bodies.read(request, max_bytes=LARGEST_BYTES)
    try:
        said = carrier.opened(body, query, token=token, keys=settings.WEIXIN_PUSH_KEYS, appid=appid)
    except carrier.PushRefused:
        return HttpResponse(status=403)
    digest = hashlib.sha256(str(sorted(said.items())).encode()).hexdigest()
    kept = {**said, "received_at": clock.now().isoformat()}
    events.receive(source=f"weixin:{application}", message_id=digest, topic=WEIXIN_PUSH, payload=kept)
    return HttpResponse("success", content_type="text/plain")


@csrf_exempt
@require_POST
def sms_receipt(request: HttpRequest, supplier: str) -> HttpResponse:
    """A supplier of SMS says what became of a message.

    ``X-Signature`` is the HMAC-SM3, in hex, of ``<X-Timestamp>.<body>`` under the key that we share.
    """
    body = bodies.read(request, max_bytes=LARGEST_BYTES)
    stamp = request.headers.get("X-Timestamp", "")
    if supplier not in sms.suppliers() or not _is_theirs(request, supplier, stamp, body):
        return JsonResponse({"code": "signature_invalid"}, status=401)
    said = bodies.read_object(body)
    number = str(said.get("message_id", ""))[:60]
    if not number or str(said.get("status")) not in {"delivered", "failed"}:
        return JsonResponse({"code": "receipt_invalid"}, status=400)
    payload = {**said, "supplier": supplier, "received_at": clock.now().isoformat()}
    events.receive(
        source=f"sms:{supplier}", message_id=f"{number}:{said['status']}", topic=SMS_RECEIPT, payload=payload
    )
    return JsonResponse({"code": "ok"})


def _is_theirs(request: HttpRequest, supplier: str, stamp: str, body: bytes) -> bool:
    if not (webhooks.is_timestamp(stamp) and abs(int(stamp) - time.time()) <= SKEW_SECONDS):
        return False
    wanted = gmcrypto.hmac_sm3(sms.key_of(supplier).encode(), f"{stamp}.".encode() + body).hex()
    return hmac.compare_digest(wanted.encode(), request.headers.get("X-Signature", "").encode())
