"""Reading the privacy notice, and what accounts agreed to."""

from django.utils.translation import get_language

from foundation.core import clock
from identity.errors import NoticeNotFound
from identity.models import ConsentRecord, PrivacyNotice
from identity.types import (
    Consent,
    ConsentKind,
    Notice,
)


def notice_in_force() -> Notice:
    """The privacy notice in force, in the active language.

    Raises:
        NoticeNotFound: If none is.
    """
    row = current_notice()
    english = (get_language() or "").startswith("en")
    return Notice(version=row.version, text=row.text_en if english else row.text_zh)


def current_notice() -> PrivacyNotice:
    """The row of the notice in force; for this room."""
    row = PrivacyNotice.objects.filter(in_force_from__lte=clock.now()).order_by("-in_force_from").first()
    if row is None:
        raise NoticeNotFound
    return row


def needed_consents(account_pk: int) -> list[ConsentKind]:
    """What the account has yet to agree to under the notice in force.

    Raises:
        NoticeNotFound: If no notice is in force.
    """
    given = set(
        ConsentRecord.objects.filter(
            account=account_pk, notice=current_notice(), withdrawn_at=None
        ).values_list("kind", flat=True)
    )
    return [kind for kind in ConsentKind if kind.value not in given]


def has_consented(account_pk: int) -> bool:
    """Whether the account agreed to the notice in force and to the use of sensitive data.

    Without a notice in force nobody can have agreed to anything.
    """
    try:
        return not needed_consents(account_pk)
    except NoticeNotFound:
        return False


def given_consents(account_pk: int) -> list[str]:
    """The kinds that the account has agreed to, under any version, and not taken back."""
    rows = ConsentRecord.objects.filter(account=account_pk, withdrawn_at=None)
    return sorted(set(rows.values_list("kind", flat=True)))


def consents_of(account_pk: int) -> list[Consent]:
    """Everything that the account agreed to, the latest first, also what it took back."""
    rows = ConsentRecord.objects.filter(account=account_pk).select_related("notice").order_by("-pk")
    return [
        Consent(row.kind, row.notice.version, row.channel, row.given_at, row.withdrawn_at) for row in rows
    ]
