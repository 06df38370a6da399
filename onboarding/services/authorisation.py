"""The authorisation file: what the centre states of an application, signed by SM2.

It is evidence for the institution's own files and for whoever asks it. What a call may do is
decided at the call, by the client as it is then.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.gateway import selectors as gateway
from foundation.gateway.types import ClientState
from gmcrypto.statements import sign_statement
from onboarding import selectors
from onboarding.errors import RequestStateConflict
from onboarding.rules import RequestState

FORM = "ehc.authorisation.1"
VALIDITY = timedelta(days=365)


@transaction.atomic
def authorisation_file(*, request: str, actor: Actor) -> dict[str, Any]:
    """The statement about a released application as it is now, and its signature.

    Raises:
        RequestStateConflict: Nothing was released, or the application is not served any more.
    """
    row = selectors.visible_requests(actor).filter(public_id=request).first()
    if row is None:
        raise NotFound
    client = gateway.visible_clients(actor).filter(public_id=row.client).first()
    if (
        row.state != RequestState.RELEASED
        or client is None
        or client.is_held
        or client.state != ClientState.ACTIVE
    ):
        raise RequestStateConflict
    moment = clock.now().replace(microsecond=0)
    statement = {
        "form": FORM,
        "centre": {"name": settings.CENTRE_NAME, "ehcappid": settings.EHCAPPID},
        "institution": {
            "code": row.institution.code,
            "name": row.institution.name,
            "credit_code": row.institution.uscc,
        },
        "client": {"id": client.public_id, "name": client.name, "environment": client.environment},
        "scopes": sorted(client.scopes),
        "issued_at": clock.beijing(moment).isoformat(),
        "valid_until": clock.beijing(moment + VALIDITY).isoformat(),
    }
    audit.record(
        Action.CLIENT_AUTHORISATION_READ,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"reference": client.public_id, "scopes": sorted(client.scopes)},
    )
    return sign_statement(FORM, statement)
