"""The privacy notice, and who agreed to it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.events import services as events
from identity import selectors
from identity.errors import NoticeExists, NoticeOutdated
from identity.events import ConsentWithdrawn
from identity.models import ConsentRecord, PrivacyNotice
from identity.types import ConsentKind
from institutions.rules import Duty
from institutions.services import require


@transaction.atomic
def publish_notice(*, version: str, text_zh: str, text_en: str, in_force_from: datetime, actor: Actor) -> str:
    """Publish a version of the notice; consents to older versions end to count with it.

    Returns:
        Public id of the notice.

    Raises:
        NoticeExists: If the version was published before.
    """
    require(actor, Duty.CHANGE_CENTRE_RULES)
    try:
        with transaction.atomic():
            notice = PrivacyNotice.objects.create(
                version=version, text_zh=text_zh, text_en=text_en, in_force_from=in_force_from
            )
    except IntegrityError as exc:
        raise NoticeExists(field="version") from exc
    audit.record(Action.NOTICE_PUBLISHED, actor=actor, subject=notice, details={"version": version})
    return notice.public_id


@transaction.atomic
def record_consent(
    *, account_pk: int, kinds: Iterable[str], version: str, channel: str, actor: Actor
) -> None:
    """Keep that an account agreed; what it agreed to before stays as it is.

    Args:
        kinds: Values of ``ConsentKind``, those that were ticked.
        version: The version that was shown.
        channel: Where: ``h5``, ``mini_program`` ...

    Raises:
        InvalidInput: If a kind is unknown.
        NoticeOutdated: If a newer version has come into force since it was shown.
    """
    chosen = _kinds(kinds)
    notice = selectors.current_notice()
    if notice.version != version:
        raise NoticeOutdated
    for kind in chosen:
        record = _keep(account_pk, kind, notice, channel)
        if record is not None:
            audit.record(
                Action.CONSENT_GIVEN,
                actor=actor,
                subject=record,
                details={"kind": kind.value, "version": version, "channel": channel},
            )


@transaction.atomic
def withdraw_consent(*, account_pk: int, kind: str, actor: Actor) -> None:
    """Take a consent back; the record of having given it stays.

    Raises:
        InvalidInput: If the kind is unknown.
        NotFound: If nothing of this kind is agreed to.
    """
    (chosen,) = _kinds([kind])
    given = ConsentRecord.objects.filter(account=account_pk, kind=chosen.value, withdrawn_at=None)
    records = list(given.select_related("account", "notice"))
    if not given.update(withdrawn_at=clock.now()):
        raise NotFound
    for record in records:
        audit.record(
            Action.CONSENT_WITHDRAWN,
            actor=actor,
            subject=record,
            details={"kind": chosen.value, "version": record.notice.version},
        )
    events.publish(ConsentWithdrawn(account_id=records[0].account.public_id, kind=chosen.value))


def _keep(account_pk: int, kind: ConsentKind, notice: PrivacyNotice, channel: str) -> ConsentRecord | None:
    try:
        with transaction.atomic():
            return ConsentRecord.objects.create(
                account_id=account_pk, kind=kind.value, notice=notice, channel=channel, given_at=clock.now()
            )
    except IntegrityError:
        # Agreed to before, or the second of two clicks.
        return None


def _kinds(kinds: Iterable[str]) -> list[ConsentKind]:
    try:
        return sorted({ConsentKind(kind) for kind in kinds})
    except ValueError as exc:
        raise InvalidInput(field="kinds") from exc
