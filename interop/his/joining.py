"""In a demo: the sandbox's hospitals, registered here, and told their keys."""

import json
from typing import Any

from django.conf import settings

from foundation.core.actor import Actor
from foundation.core.http import Outbound, OutsideError
from foundation.gateway import selectors as gateway
from foundation.gateway.types import Algorithm
from institutions import selectors as institutions
from institutions.demo import CLIENT_NAME, PEOPLES, TRADITIONAL
from institutions.types import InstitutionRef
from interop.his import selectors, services
from interop.his.models import HospitalSystem, Offer
from interop.webhooks.demo import tell_sandbox

ACTOR = Actor.system("demo")
# Of schedules the demo has its own; a hospital that tells of none would have them all stopped.
OFFERS = (Offer.EVENTS, Offer.DOCUMENTS, Offer.PATIENTS, Offer.PAYMENTS)


def join_sandbox() -> int:
    """Register the demo's hospitals, and tell the sandbox the keys of those that it does not play yet.

    Returns:
        How many it was told.
    """
    if not settings.DEMO or not settings.SANDBOX_URL:
        return 0
    sandbox = Outbound(settings.SANDBOX_URL, name="sandbox")
    told = 0
    try:
        played = {each["code"] for each in sandbox.get_json("/console/api/his/hospitals")["hospitals"]}
        for hospital in (PEOPLES, TRADITIONAL):
            place = institutions.institution_by_hospital_id(hospital.hospital_id)
            if place is None or hospital.hospital_id in played:
                continue
            body = json.dumps(_introduction(place, hospital.name)).encode()
            sandbox.post_json("/console/api/his/hospitals", content=body)
            told += 1
    except (OutsideError, KeyError):
        # The sandbox is not up yet; the next round tries again.
        return told
    return told


def _introduction(place: InstitutionRef, name: str) -> dict[str, Any]:
    client = gateway.client_named(place.public_id, CLIENT_NAME)
    kids = gateway.kids(client, Algorithm.WEBHOOK)
    secret = gateway.demo_secret(kids[-1]) if kids else ""
    system = _system(place)
    return {
        "code": place.hospital_id,
        "name": name,
        "base_url": settings.BASE_URL,
        "client": client,
        "signs": {"v1": secret, "v1sm3": secret} if secret else {},
        "checks": tell_sandbox(place, client, actor=ACTOR),
        "caller": settings.EHCAPPID,
        "caller_key": system.key_id,
        "caller_secret": system.secret,
    }


def _system(place: InstitutionRef) -> HospitalSystem:
    known = selectors.visible_systems(ACTOR).filter(institution__public_id=place.public_id).first()
    if known is not None:
        return known
    made = services.add_system(
        institution=place.public_id,
        base_url=f"{settings.SANDBOX_URL}/his/{place.hospital_id}/v1",
        offers=[offer.value for offer in OFFERS],
        actor=ACTOR,
        reason="演示环境",
    )
    return made.system
