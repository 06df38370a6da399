"""What the platform asks a hospital: schedules, missed events, a queue, documents, patients, payments.

Every call is signed by the platform as hospitals sign theirs (``EHC1``).
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import faults, store
from sandbox.answers import RestRefusal, json_object, text
from sandbox.his import events, hospitals, patients, payments, pdf
from sandbox.his.hospitals import Hospital
from sandbox.his.signing import require_platform
from sandbox.outside import beijing_time, outside

ROOT = "/his/{hospital}/v1"
MOST_EVENTS = 100


async def schedules(request: Request) -> Response:
    """The sessions from one day to another, both counted, and the moment at which they stood so."""
    hospital = await _hospital(request)
    first, last = (text(dict(request.query_params), name) for name in ("from", "to"))
    kept = await store.of(request).fields(_schedules(hospital))
    found = [each for _, each in sorted(kept.items()) if first <= each.get("date", first) <= last]
    return JSONResponse({"as_of": _moment(), "schedules": found})


async def missed(request: Request) -> Response:
    """The events of one aggregate behind a number, in order."""
    hospital, after = await _hospital(request), _after(request)
    aggregate = text(dict(request.query_params), "aggregate", longest=120)
    found = await events.after(store.of(request), hospital, aggregate, after)
    return JSONResponse({"events": found[:MOST_EVENTS], "more": len(found) > MOST_EVENTS})


async def feed(request: Request) -> Response:
    """All events behind a place in the hospital's record, also those that were lost on the way."""
    hospital, after = await _hospital(request), _after(request)
    found, cursor, more = await events.feed(store.of(request), hospital, after, MOST_EVENTS)
    return JSONResponse({"events": found, "cursor": cursor, "more": more})


def _after(request: Request) -> int:
    after = request.query_params.get("after", "0")
    if not after.isdecimal():
        raise RestRefusal(400, "after_invalid", "after is a number.", "after")
    return int(after)


async def queue(request: Request) -> Response:
    """The tickets of a queue as the events last told."""
    hospital = await _hospital(request)
    kept = await store.of(request).field(f"his:{hospital.code}:queues", request.path_params["queue"])
    if kept is None:
        raise RestRefusal(404, "queue_unknown", "There is no such queue.", "queue")
    return JSONResponse({"as_of": _moment(), **kept})


async def report_document(request: Request) -> Response:
    """A report as PDF, as the hospital prints it."""
    hospital = await _hospital(request)
    number = request.path_params["report"]
    found = await events.after(store.of(request), hospital, f"report:{number}", 0)
    if not found:
        raise RestRefusal(404, "report_unknown", "There is no such report.", "report")
    content = pdf.printed(hospital.name, found[-1]["data"])
    return Response(content, media_type="application/pdf")


async def invoice_document(request: Request) -> Response:
    """An electronic invoice as PDF, as the hospital prints it, under any number."""
    hospital = await _hospital(request)
    code, number = request.path_params["code"], request.path_params["number"]
    lines = ["医疗收费票据（电子）", hospital.name, f"票据代码 {code}", f"票据号码 {number}"]
    content = pdf.document([*lines, "", "本票据为虚构数据，仅供演示"])
    return Response(content, media_type="application/pdf")


async def search_patients(request: Request) -> Response:
    """The hospital's records that may be this person's."""
    hospital = await _hospital(request)
    asked = await json_object(request)
    found = await patients.search(store.of(request), hospital, asked)
    return JSONResponse({"patients": found})


async def create_patient(request: Request) -> Response:
    """A new record; the same Idempotency-Key again gets the same one."""
    hospital = await _hospital(request)
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise RestRefusal(400, "idempotency_key_missing", "Idempotency-Key is needed.", "Idempotency-Key")
    patient_id, is_new = await patients.create(store.of(request), hospital, await json_object(request), key)
    return JSONResponse({"patient_id": patient_id}, 201 if is_new else 200)


async def post_payment(request: Request) -> Response:
    """Post a payment; the same Idempotency-Key again posts it once."""
    hospital = await _hospital(request)
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise RestRefusal(400, "idempotency_key_missing", "Idempotency-Key is needed.", "Idempotency-Key")
    asked = await json_object(request)
    said = await payments.post(store.of(request), hospital, asked, key)
    if "-HUSH-" in str(asked.get("bill_no")) or await _is_lost(request):
        return await faults.hang()
    return JSONResponse(said)


async def payment(request: Request) -> Response:
    """What the hospital knows of a payment."""
    hospital = await _hospital(request)
    payment_id = text(dict(request.query_params), "payment_id")
    return JSONResponse(await payments.asked_about(store.of(request), hospital, payment_id))


async def payment_returned(request: Request) -> Response:
    """The money went back: hold nothing of it."""
    hospital = await _hospital(request)
    return JSONResponse(await payments.take_back(store.of(request), hospital, await json_object(request)))


async def _is_lost(request: Request) -> bool:
    on = await faults.active(store.of(request), "his")
    return any(fault.kind == "lost" and request.url.path.startswith(fault.path) for fault, _left in on)


async def _hospital(request: Request) -> Hospital:
    hospital = await hospitals.of(request)
    await require_platform(request, hospital)
    return hospital


def _schedules(hospital: Hospital) -> str:
    return f"his:{hospital.code}:schedules"


async def keep_schedules(state: store.Store, hospital: Hospital, said: list[dict[str, Any]]) -> int:
    """Let the hospital plan these sessions and no others; returns how many."""
    known = await state.fields(_schedules(hospital))
    told = {text(each, "code"): each for each in said}
    for code in known.keys() - told.keys():
        await state.drop_field(_schedules(hospital), code)
    for code, each in told.items():
        await state.set_field(_schedules(hospital), code, each)
    return len(told)


def _moment() -> str:
    return beijing_time().replace(" ", "T") + "+08:00"


def _call(handler: Any) -> Any:
    return outside("his", handler)


routes: list[BaseRoute] = [
    Route(f"{ROOT}/schedules", _call(schedules), methods=["GET"]),
    Route(f"{ROOT}/events", _call(missed), methods=["GET"]),
    Route(f"{ROOT}/feed", _call(feed), methods=["GET"]),
    Route(f"{ROOT}/queues/{{queue}}", _call(queue), methods=["GET"]),
    Route(f"{ROOT}/reports/{{report}}/document", _call(report_document), methods=["GET"]),
    Route(f"{ROOT}/invoices/{{code}}/{{number}}/document", _call(invoice_document), methods=["GET"]),
    Route(f"{ROOT}/payments", _call(post_payment), methods=["POST"]),
    Route(f"{ROOT}/payments", _call(payment), methods=["GET"]),
    Route(f"{ROOT}/payments/returned", _call(payment_returned), methods=["POST"]),
    Route(f"{ROOT}/patients/search", _call(search_patients), methods=["POST"]),
    Route(f"{ROOT}/patients", _call(create_patient), methods=["POST"]),
]
