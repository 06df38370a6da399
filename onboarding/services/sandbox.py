"""Test credentials for an applicant, at once, in an installation that has no real people.

A client of the sandbox environment is refused wherever ``DEMO`` is not set, so that no key given
here ever opens anything about a real person. Here it belongs to an institution of its own that is
marked as made for joint tests.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import ratelimit
from foundation.core.actor import Actor
from foundation.gateway import selectors as gateway_selectors
from foundation.gateway import services as gateway
from foundation.gateway.scopes import SCOPES
from foundation.gateway.types import Algorithm, Environment
from institutions import services as institutions
from institutions.rules import TerminalKind
from institutions.types import InstitutionDetails
from onboarding.errors import JoiningStateConflict, SandboxNotHere
from onboarding.models import Joining
from onboarding.rules import JoiningState

TERMINAL = "T0001"
_DAY = 24 * 3600
KEYS_A_DAY = 10


@dataclass(frozen=True, slots=True)
class SandboxKey:
    """What a system needs to begin its joint tests; the secret is shown this once."""

    client_id: str
    key_id: str
    secret: str = field(repr=False)
    terminal_id: str = TERMINAL


@transaction.atomic
def issue_sandbox_key(*, joining: Joining, actor: Actor) -> SandboxKey:
    """A new key of the applicant's test client, which is made at the first time.

    The keys before it end with it: who asks again has lost them, or wants them to be lost.

    Raises:
        SandboxNotHere: This installation serves real people.
        JoiningStateConflict: The application was not handed in yet.
        TooManyRequests: More than ten a day.
    """
    if not settings.DEMO:
        raise SandboxNotHere
    ratelimit.hit(f"sandbox-key:{joining.public_id}", limit=KEYS_A_DAY, per_seconds=_DAY)
    # The lock keeps a second click from opening a second test institution.
    row = Joining.objects.select_for_update().get(pk=joining.pk)
    if row.state == JoiningState.DRAFT:
        raise JoiningStateConflict
    if not row.sandbox_client:
        row.sandbox_client = _open(row, actor)
        Joining.objects.filter(pk=row.pk).update(sandbox_client=row.sandbox_client)
    for key in gateway_selectors.active_keys(row.sandbox_client):
        gateway.retire_key(key=key, actor=actor)
    made = gateway.add_key(client=row.sandbox_client, algorithm=Algorithm.HMAC_SM3, actor=actor)
    audit.record(
        Action.SANDBOX_KEY_ISSUED, actor=actor, subject=row, details={"reference": row.sandbox_client}
    )
    return SandboxKey(client_id=row.sandbox_client, key_id=made.kid, secret=made.secret)


def _open(row: Joining, actor: Actor) -> str:
    place = institutions.open_sandbox(
        details=InstitutionDetails(
            code=f"TEST-{row.reference}",
            name=f"{row.name[:90]}（联调）",
            short_name=f"{row.short_name[:24]}（联调）",
            region=row.region,
            level=row.level,
            category=row.category,
            uscc=row.uscc,
        ),
        actor=actor,
    )
    institutions.add_terminal(
        institution=place, terminal_id=TERMINAL, name="联调窗口", kind=TerminalKind.WINDOW, actor=actor
    )
    return institutions.create_client(
        institution=place,
        name="联调",
        scopes=list(SCOPES),
        environment=Environment.SANDBOX,
        actor=actor,
    )
