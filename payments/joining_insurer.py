"""In a demo: the first hospital at the sandbox's insurance, set up by the commands that staff use."""

import orjson
from django.conf import settings

from foundation.core.actor import Actor
from foundation.core.http import Outbound, OutsideError
from institutions import selectors as institutions
from payments import services
from payments.insurance import insurer_of
from payments.models import InsurerSetup
from payments.services import InsurerDetails
from payments.services.insuring.setups import CITY, LOCATION, OWN_PROVIDERS, notify_url_of

ACTOR = Actor.system("demo")
REASON = "演示环境"
INSURER, HOSPITAL, NUMBER = "insurance_mobile", "90001", "H11010100001"
# What the sandbox's invented codes of refusals mean.
CODES = (
    "1001=misconfigured,1002=misconfigured,1003=misconfigured,1004=misconfigured,"
    "2003=permission,2004=not_insured,2005=changed,2006=unknown,2007=settled"
)


def join_insurer() -> int:
    """Set the hospital up, unless it is; the sandbox tells results to the product's own door.

    Returns:
        How many set-ups were made.
    """
    place = institutions.institution_by_hospital_id(HOSPITAL)
    if not settings.DEMO or not settings.SANDBOX_URL or place is None:
        return 0
    known = InsurerSetup.objects.filter(institution__public_id=place.public_id, insurer=INSURER).first()
    if known is not None and known.base_url == settings.SANDBOX_URL:
        return 0
    sandbox = Outbound(settings.SANDBOX_URL, name="sandbox")
    try:
        centre = sandbox.get_json("/console/api/insurance")
    except OutsideError:
        return 0
    demo = centre["demo"]
    details = InsurerDetails(
        NUMBER,
        settings.SANDBOX_URL,
        {
            "app_id": demo["app_id"],
            "centre_key": centre["centre_key"],
            "codes": CODES,
            "permission_url": f"{settings.SANDBOX_URL}/insurance/permission"
            "?state={state}&return_url={return_url}",
            CITY: "110100",
            LOCATION: "116.397,39.907",
            OWN_PROVIDERS: "",
        },
        {"app_secret": demo["secret"], "private_key": demo["private_key"]},
    )
    if known is not None:
        services.change_insurer_setup(setup=known.public_id, details=details, reason=REASON, actor=ACTOR)
    else:
        made = services.add_insurer_setup(
            institution=place.public_id,
            insurer=insurer_of(INSURER).code,
            details=details,
            reason=REASON,
            actor=ACTOR,
        )
        services.switch_insurer_setup(setup=made, is_on=True, reason=REASON, actor=ACTOR)
        known = InsurerSetup.objects.get(public_id=made)
    told = {name: value for name, value in demo.items() if name != "private_key"}
    body = orjson.dumps({**told, "notify_url": notify_url_of(known)})
    try:
        sandbox.post_json("/console/api/insurance", content=body)
    except OutsideError:
        # Results are asked for as well: without notices the demo is a little slower.
        return 1
    return 1
