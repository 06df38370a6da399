"""Orders to check a face: placed by an institution, done by the person, kept as evidence.

No transaction is open while the provider is asked. Only what the provider tells us counts; the
browser that comes back proves nothing.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from foundation.events import services as events
from gmcrypto.index import blind_index
from identity.asking import DIGEST
from identity.errors import FaceCheckUnavailable, VerifyOrderOver, VerifyOrderUnknown
from identity.events import FaceChecked
from identity.models import IdentityCheck, OrderState, VerifyOrder
from identity.providers.base import ProviderError
from identity.providers.face import FaceOutcome, FaceService
from identity.rules import LEVEL_OF, Evidence
from identity.types import CheckOutcome
from mpi import selectors as mpi
from mpi.rules import canonical_number

LIFETIME = timedelta(minutes=30)
ATTEMPTS = 5
PROVIDER = "face.FaceService"
EXPIRED = "expired"
_SALT = "identity.verify-order"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its client, and the page, may see it.

    Attributes:
        state: ``open``, ``passed``, ``failed`` or ``expired``.
        result: What the browser brings back to the institution; empty while it is open.
    """

    order_id: str
    kind: str
    institution: str
    state: str
    id_type: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    success_url: str
    fail_url: str
    result: str = field(repr=False)


@transaction.atomic
def place_order(
    *,
    kind: str,
    id_type: str,
    id_number: str,
    name: str,
    success_url: str = "",
    fail_url: str = "",
    actor: Actor,
) -> str:
    """Order a check; returns its number, which is also the secret of the page's address.

    Args:
        success_url, fail_url: Where the browser is led afterwards; already checked.
    """
    moment = clock.now()
    order = VerifyOrder.objects.create(
        kind=kind,
        institution=actor.institution,
        client=actor.id,
        who={
            "id_type": id_type,
            "id_number": canonical_number(id_type, id_number),
            "name": normalise_name(name),
        },
        success_url=success_url,
        fail_url=fail_url,
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    audit.record(Action.VERIFY_ORDERED, actor=actor, subject=order, details={"kind": kind})
    return order.public_id


def order_of(*, order_id: str, client: str = "") -> Order:
    """One order.

    Args:
        client: Whose it must be; empty on the person's own page, whose address is a secret.

    Raises:
        VerifyOrderUnknown: There is no such order of this client.
    """
    rows = VerifyOrder.objects.filter(public_id=order_id)
    row = (rows.filter(client=client) if client else rows).first()
    if row is None or row.who is None:
        raise VerifyOrderUnknown(field="orderId")
    is_over = row.state == OrderState.OPEN and row.expires_at <= clock.now()
    return Order(
        order_id=row.public_id,
        kind=row.kind,
        institution=row.institution,
        state=EXPIRED if is_over else row.state,
        **row.who,
        success_url=row.success_url,
        fail_url=row.fail_url,
        result="" if row.state == OrderState.OPEN else _result(row.public_id, row.state),
    )


def begin_face_check(*, order_id: str, return_url: str) -> str:
    """Begin the check with the provider; returns the address that the browser goes to.

    Raises:
        VerifyOrderUnknown, VerifyOrderOver: There is nothing to check.
        TooManyRequests: Too many attempts.
        FaceCheckUnavailable: The provider does not answer.
    """
    order = order_of(order_id=order_id)
    if order.state != OrderState.OPEN:
        raise VerifyOrderOver
    ratelimit.hit(f"face:{order_id}", limit=ATTEMPTS, per_seconds=3_600)
    attempt = f"{order_id}-{ratelimit.count(f'face:{order_id}')}"
    try:
        begun = FaceService().begin(
            request_id=attempt,
            id_type=order.id_type,
            id_number=order.id_number,
            name=order.name,
            return_url=return_url,
        )
    except ProviderError as exc:
        raise FaceCheckUnavailable from exc
    if not _open(order_id).update(session=begun.session_id):
        raise VerifyOrderOver
    return begun.url


def finish_face_check(*, order_id: str) -> Order:
    """Ask the provider what came of the check, and keep it as evidence; a repeat changes nothing.

    Raises:
        VerifyOrderUnknown: There is no such order.
        FaceCheckUnavailable: The provider does not answer.
    """
    row = VerifyOrder.objects.filter(public_id=order_id).first()
    if row is None:
        raise VerifyOrderUnknown(field="orderId")
    if row.state == OrderState.OPEN and row.session and row.expires_at > clock.now():
        try:
            answer = FaceService().result(session_id=row.session)
        except ProviderError as exc:
            raise FaceCheckUnavailable from exc
        if answer.outcome in {FaceOutcome.PASS, FaceOutcome.FAIL}:
            _record(row, answer.outcome is FaceOutcome.PASS, answer.reference)
    return order_of(order_id=order_id)


def is_result(*, order: Order, given: str) -> bool:
    """Whether a text is what the browser brought back from this order."""
    return bool(order.result) and constant_time_compare(order.result, given)


def _result(order_id: str, state: str) -> str:
    """What the browser brings back: of this order and outcome alone, made by us."""
    mac = salted_hmac(_SALT, f"{order_id}:{state}", algorithm="sha256")
    return mac.hexdigest()


@transaction.atomic
def _record(row: VerifyOrder, has_passed: bool, reference: str) -> None:
    state = OrderState.PASSED if has_passed else OrderState.FAILED
    who = row.who
    person = mpi.find_by_identifier(who["id_type"], who["id_number"])
    content = f"{who['id_type']}|{who['id_number']}|{who['name']}"
    outcome = CheckOutcome.MATCH if has_passed else CheckOutcome.MISMATCH
    level = int(LEVEL_OF[Evidence.FACE]) if has_passed else 0
    moment = clock.now()
    check, _is_new = IdentityCheck.objects.get_or_create(
        request_id=f"face-{row.public_id}",
        defaults={
            "subject_type": "identity.VerifyOrder",
            "subject_id": row.public_id,
            "person_id": person.person_pk if person is not None else None,
            "provider": PROVIDER,
            "digest": blind_index(DIGEST, content),
            "outcome": outcome.value,
            "level": level,
            "reference": reference,
            "asked_at": moment,
        },
    )
    # Of two browsers that come back at once one records the answer.
    if not _open(row.public_id).update(state=state, evidence=check, answered_at=moment):
        return
    audit.record(
        Action.IDENTITY_CHECKED,
        actor=Actor.system("face-check"),
        subject=check,
        institution=row.institution,
        details={"provider": PROVIDER, "outcome": outcome.value, "level": level, "reference": reference},
    )
    events.publish(FaceChecked(order_id=row.public_id, institution_id=row.institution, outcome=state.value))


def _open(order_id: str) -> "QuerySet[VerifyOrder]":
    return VerifyOrder.objects.filter(public_id=order_id, state=OrderState.OPEN, expires_at__gt=clock.now())
