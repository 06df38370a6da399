"""Asking a hospital's system: signed as hospitals sign their calls to us, the other way round.

``docs/institutions/hospital-interface.md`` is what hospitals build to. Nothing is asked inside a
transaction, and no answer is believed beyond the shapes written here.
"""

import base64
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings

import gmcrypto
from foundation.core import clock, http, strangers
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.authenticate import signed_text
from foundation.gateway.errors import AddressNotAllowed
from interop.his.models import HospitalSystem

ALGORITHM = "HMAC-SM3"
TIMEOUT_SECONDS = 8.0
LONGEST_NUMBER = 64
_RECEIPT = re.compile(r"[A-Za-z0-9_.:/-]{1,32}")
_NOT_CODE = re.compile(r"[^A-Za-z0-9_.:-]")
MOST_FOUND = 20


class HospitalFailure(Exception):
    """The hospital did not answer as it should. ``code`` says why, without personal data."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        self.code = code
        self.is_final = is_final
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Feed:
    """A part of what a hospital told of itself.

    Attributes:
        cursor: Where to read on.
    """

    events: Sequence[Mapping[str, Any]] = field(repr=False)
    cursor: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a patient in a hospital."""

    patient_id: str = field(repr=False)
    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)


class PostingState(StrEnum):
    """What a hospital says of a payment."""

    POSTED = "posted"
    REFUSED = "refused"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Posting:
    """How a payment stands in a hospital.

    Attributes:
        receipt: The hospital's number of its receipt, where it posted.
        refusal: Its own code of why it does not.
    """

    state: PostingState
    receipt: str = ""
    refusal: str = ""


def schedules(system: HospitalSystem, *, first: str, last: str) -> Mapping[str, Any]:
    """What the hospital plans from one day to another: ``as_of`` and ``schedules``."""
    said = _get(system, "/schedules", {"from": first, "to": last})
    if not isinstance(said.get("as_of"), str) or not isinstance(said.get("schedules"), list):
        raise HospitalFailure("not_understood")
    return said


def missed_events(system: HospitalSystem, *, aggregate: str, after: int) -> Feed:
    """The events of one aggregate behind a number."""
    return _feed(_get(system, "/events", {"aggregate": aggregate, "after": str(after)}), after)


def feed(system: HospitalSystem, *, after: int) -> Feed:
    """All events behind a place in the hospital's record."""
    return _feed(_get(system, "/feed", {"after": str(after)}), after)


def report_document(system: HospitalSystem, *, report_no: str) -> bytes:
    """A report as the hospital prints it, a PDF."""
    answer = _send(system, "GET", f"/reports/{quote(report_no, safe='')}/document")
    if not answer.body.startswith(b"%PDF-"):
        raise HospitalFailure("not_a_pdf", is_final=True)
    return answer.body


def invoice_document(system: HospitalSystem, *, code: str, number: str) -> bytes:
    """An electronic invoice as the hospital prints it, a PDF."""
    name = f"{quote(code, safe='')}/{quote(number, safe='')}"
    answer = _send(system, "GET", f"/invoices/{name}/document")
    if not answer.body.startswith(b"%PDF-"):
        raise HospitalFailure("not_a_pdf", is_final=True)
    return answer.body


def search_patients(system: HospitalSystem, person: Mapping[str, str]) -> list[Found]:
    """The hospital's records that may be this person's."""
    answer = _send(system, "POST", "/patients/search", body=person)
    rows = (answer.json_object() or {}).get("patients")
    if not isinstance(rows, list) or len(rows) > MOST_FOUND:
        raise HospitalFailure("not_understood")
    return [_found(row) for row in rows]


def create_patient(system: HospitalSystem, person: Mapping[str, str], *, key: str) -> str:
    """Have a record created; the same key again gets the number of the same record."""
    answer = _send(system, "POST", "/patients", body=person, key=key)
    return _found(answer.json_object()).patient_id


def post_payment(system: HospitalSystem, told: Mapping[str, Any], *, key: str) -> Posting:
    """Have a payment posted; the same key again posts it once."""
    return _posting(_send(system, "POST", "/payments", body=told, key=key).json_object())


def posting_of(system: HospitalSystem, *, payment_id: str) -> Posting:
    """What the hospital knows of a payment."""
    return _posting(_get(system, "/payments", {"payment_id": payment_id}))


def take_back_payment(system: HospitalSystem, told: Mapping[str, Any], *, key: str) -> Posting:
    """Tell that a payment went back: what was posted of it is to be taken back."""
    return _posting(_send(system, "POST", "/payments/returned", body=told, key=key).json_object())


def _get(system: HospitalSystem, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    answer = _send(system, "GET", path, query=query).json_object()
    if answer is None:
        raise HospitalFailure("not_understood")
    return answer


def _send(
    system: HospitalSystem,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    key: str = "",
) -> http.Answer:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        addresses.require_address(
            system.base_url, gateway.hosts_of(system.institution.public_id), field="base_url"
        )
        origin = addresses.origin_of(system.base_url)
        target = system.base_url.removeprefix(origin).rstrip("/") + path
        outbound = strangers.outbound_to(origin, name="hospital", timeout=TIMEOUT_SECONDS)
        # What is signed is the query as the client writes it.
        call = _Call(method, target, str(httpx.QueryParams(query or {})), content, key)
        headers = _headers(system, call)
        if method == "GET":
            return outbound.get(target, params=query, headers=headers)
        return outbound.post(target, content=content, headers=headers)
    except AddressNotAllowed as exc:
        # The host may have been struck off the client's list since the address was registered.
        raise HospitalFailure("address_not_allowed") from exc
    except strangers.AddressNotPublic as exc:
        raise HospitalFailure("address_not_public") from exc
    except http.OutsideTimeout as exc:
        raise HospitalFailure("no_answer") from exc
    except http.OutsideRefused as exc:
        raise HospitalFailure(f"status_{exc.status}", is_final=exc.status in {400, 404, 422}) from exc
    except http.OutsideError as exc:
        raise HospitalFailure("unavailable") from exc


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    query: str
    body: bytes = field(repr=False)
    key: str


def _headers(system: HospitalSystem, call: _Call) -> dict[str, str]:
    moment, nonce = str(int(clock.now().timestamp())), secrets.token_urlsafe(18)
    text = signed_text(
        algorithm=ALGORITHM,
        method=call.method,
        path=call.path,
        query=call.query,
        client=settings.EHCAPPID,
        kid=system.key_id,
        timestamp=moment,
        nonce=nonce,
        idempotency_key=call.key,
        body=call.body,
    )
    signature = base64.b64encode(gmcrypto.hmac_sm3(system.secret.encode(), text)).decode()
    return {
        "EHC-Client": settings.EHCAPPID,
        "EHC-Key": system.key_id,
        "EHC-Timestamp": moment,
        "EHC-Nonce": nonce,
        "EHC-Algorithm": ALGORITHM,
        "EHC-Signature": signature,
        **({"Content-Type": "application/json"} if call.body else {}),
        **({"Idempotency-Key": call.key} if call.key else {}),
    }


def _feed(said: Mapping[str, Any], after: int) -> Feed:
    events, cursor, more = said.get("events"), said.get("cursor", after), said.get("more", False)
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        raise HospitalFailure("not_understood")
    if not isinstance(cursor, int) or isinstance(cursor, bool) or not isinstance(more, bool):
        raise HospitalFailure("not_understood")
    return Feed(events, cursor, more)


def _found(row: object) -> Found:
    number = row.get("patient_id") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(number, str) or not 0 < len(number) <= LONGEST_NUMBER:
        raise HospitalFailure("not_understood")
    return Found(number, str(row.get("name", ""))[:60], str(row.get("birth_date", ""))[:10])


def _posting(said: Mapping[str, Any] | None) -> Posting:
    state = (said or {}).get("state")
    if said is None or not isinstance(state, str) or state not in set(PostingState):
        raise HospitalFailure("not_understood")
    receipt, refusal = said.get("receipt_no", ""), said.get("reason", "")
    if not isinstance(receipt, str) or not isinstance(refusal, str):
        raise HospitalFailure("not_understood")
    if state == PostingState.POSTED and not _RECEIPT.fullmatch(receipt):
        # Without its number it cannot be found there again: no answer yet.
        raise HospitalFailure("receipt_missing")
    return Posting(PostingState(state), receipt, _NOT_CODE.sub("", refusal)[:40])
