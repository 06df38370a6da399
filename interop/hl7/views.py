"""``POST /api/v1/hl7``: messages of HL7 v2, signed like events and kept in the same inbox."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from foundation.gateway import inbound
from foundation.gateway.caller import Caller
from foundation.gateway.errors import BadEvent, EventIdReused, UnknownEventType
from interop.hl7 import acknowledging, documents, mapping
from interop.hl7.acknowledging import Fault
from interop.hl7.errors import NotAnHl7Message
from interop.hl7.parsing import Hl7Message, NotHl7, parse
from interop.webhooks.views import signed_message
from records.services.documents import hold_document

# A message may bring a PDF; a larger one is fetched from the hospital.
MAX_BODY_BYTES = 1_048_576
CONTENT_TYPE = "application/hl7-v2; charset=utf-8"


@signed_message(max_bytes=MAX_BODY_BYTES)
def take_message(request: HttpRequest, caller: Caller, body: bytes) -> HttpResponse:
    """Keep what one message tells of; the answer is its acknowledgement."""
    try:
        message = parse(body)
    except NotHl7 as exc:
        raise NotAnHl7Message from exc
    return HttpResponse(_answer(message, caller.institution), content_type=CONTENT_TYPE)


def _answer(message: Hl7Message, institution: str) -> bytes:
    try:
        events = mapping.events_of(message)
        if events is None:
            known = ", ".join(mapping.kinds())
            fault = Fault("MSH^1^9", acknowledging.UNKNOWN_TYPE, _("不接收这种消息；接收：%s") % known)
            return acknowledging.acknowledge(message, acknowledging.REJECTED, [fault])
        # All of a message or nothing: whoever sends it again sends all of it.
        with transaction.atomic():
            brought = documents.pdfs_of(message)
            for envelope in events:
                is_new = inbound.accept(envelope, institution=institution)
                digest = envelope["data"].get("document_sm3", "")
                if is_new and digest in brought:
                    hold_document(
                        institution=institution,
                        number=envelope["data"]["report_no"],
                        content=brought[digest],
                    )
    except mapping.Unmappable as exc:
        return _in_error(message, Fault(exc.where, acknowledging.MISSING, _("缺少这个字段")))
    except documents.UnreadableDocument as exc:
        return _in_error(message, Fault(exc.where, acknowledging.WRONG, _("不是 Base64 编码的 PDF")))
    except BadEvent as exc:
        faults = [Fault(problem["field"], acknowledging.WRONG, problem["message"]) for problem in exc.errors]
        return _in_error(message, *faults)
    except EventIdReused as exc:
        return _in_error(message, Fault("MSH^1^10", acknowledging.WRONG, exc.text()))
    except UnknownEventType:
        fault = Fault("MSH^1^9", acknowledging.UNKNOWN_TYPE, _("中心没有启用这种消息"))
        return acknowledging.acknowledge(message, acknowledging.REJECTED, [fault])
    return acknowledging.acknowledge(message, acknowledging.ACCEPTED)


def _in_error(message: Hl7Message, *faults: Fault) -> bytes:
    return acknowledging.acknowledge(message, acknowledging.ERROR, faults)
