"""Reading accounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.utils.translation import gettext as _

from foundation.accounts import enrolment, rules, sessions, sms
from foundation.accounts.models import Account, AccountKind, MethodKind, SignInMethod
from foundation.core.actor import Actor
from foundation.core.text import mask_phone
from foundation.gateway.errors import AuthenticationRequired
from gmcrypto.fields import prefetch_keys


@dataclass(frozen=True, slots=True)
class Method:
    """A way to sign in, as its owner sees it."""

    kind: str
    label: str
    shown: str
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session of an account, named by its digest."""

    id: str
    device: str
    last_seen_at: datetime
    is_current: bool


def resident_of(request: HttpRequest) -> Account | None:
    """The resident who is signed in, for pages that are open to everybody.

    A session that waits for the second proof is nobody's yet.
    """
    account = request.user
    if not isinstance(account, Account) or account.kind != AccountKind.RESIDENT:
        return None
    return None if request.session.get(sessions.NEEDS_PROOF) else account


def is_closed(account_id: str) -> bool:
    """Whether an account was closed."""
    return Account.objects.filter(public_id=account_id).exclude(closed_at=None).exists()


def account_of(request: HttpRequest) -> Account:
    """The resident who is signed in; the page or view has checked the session.

    Raises:
        AuthenticationRequired: If nobody is, or a member of staff is.
    """
    account = request.user
    if not isinstance(account, Account) or account.kind != AccountKind.RESIDENT:
        raise AuthenticationRequired
    return account


def actor_of(request: HttpRequest) -> Actor:
    """The resident who is signed in, as an actor; also for requests of the resident API.

    Raises:
        AuthenticationRequired: If nobody is, or a member of staff is.
    """
    return Actor.resident(account_of(request).public_id)


def account_by_public_id(public_id: str) -> Account | None:
    """The account with this public id."""
    return Account.objects.filter(public_id=public_id).first()


def staff_by_username(username: str) -> Account | None:
    """The account of a member of staff by its user name."""
    return Account.objects.filter(kind=AccountKind.STAFF, username=username.strip()).first()


def staff_usernames(public_ids: Iterable[str]) -> Mapping[str, str]:
    """The user names of members of staff, by their public ids."""
    rows = Account.objects.filter(kind=AccountKind.STAFF, public_id__in=set(public_ids))
    return {row.public_id: row.username or row.public_id for row in rows}


def account_pk(public_id: str) -> int | None:
    """The database key of an account, for foreign keys of the rooms above."""
    return Account.objects.filter(public_id=public_id).values_list("pk", flat=True).first()


def account_pks(public_ids: Iterable[str]) -> dict[str, int]:
    """The database keys of many accounts by their public ids; unknown ids are left out."""
    found = Account.objects.filter(public_id__in=set(public_ids))
    return dict(found.values_list("public_id", "pk"))


def methods_of(account_pks: Iterable[int]) -> dict[int, dict[str, int]]:
    """By what each account can be reached: kind and database key of its methods, none of the values."""
    rows = SignInMethod.objects.filter(account__in=set(account_pks), account__is_active=True)
    found: dict[int, dict[str, int]] = {}
    for account, kind, pk in rows.order_by("-pk").values_list("account", "kind", "pk"):
        found.setdefault(account, {})[kind] = pk
    return found


def addresses(method_pks: Iterable[int]) -> dict[int, str]:
    """The numbers and WeChat users behind methods, for sending to them and for nothing else."""
    rows = list(SignInMethod.objects.filter(pk__in=set(method_pks)))
    prefetch_keys(rows)
    return {row.pk: row.value for row in rows}


def weixin_user(account_pk: int, *, is_mini_program: bool) -> str:
    """The account's user at WeChat, for our official account or our mini-program; empty without one."""
    kind = MethodKind.WEIXIN_MINI if is_mini_program else MethodKind.WEIXIN_OFFICIAL
    row = SignInMethod.objects.filter(account=account_pk, kind=kind).first()
    return (row.value or "") if row is not None else ""


def method_of(kind: str, value: str) -> int | None:
    """The database key of the method with this number or WeChat user."""
    method = enrolment.find(MethodKind(kind), value)
    return method.pk if method is not None else None


def account_by_phone(phone: str) -> Account | None:
    """The resident who signs in with a phone number."""
    method = enrolment.find(MethodKind.PHONE, rules.normalise_phone(phone))
    return method.account if method is not None else None


def phone_of(account: Account) -> str:
    """The account's full number, for sending to it; empty if it has none."""
    method = account.sign_in_methods.filter(kind=MethodKind.PHONE).first()
    return method.value if method is not None else ""


def masked_phone(account: Account) -> str:
    """The account's number as it may be shown; empty if it has none."""
    return mask_phone(phone_of(account))


def sign_in_methods(account: Account) -> Sequence[Method]:
    """How the account is signed in to; numbers masked, WeChat's own names not shown."""
    return [
        Method(
            kind=method.kind,
            label=str(MethodKind(method.kind).label),
            shown=mask_phone(method.value) if method.kind == MethodKind.PHONE else "",
            last_used_at=method.last_used_at,
        )
        for method in account.sign_in_methods.exclude(kind=MethodKind.WEIXIN_UNION).order_by("pk")
    ]


def open_sessions(account: Account, *, current: str) -> Sequence[OpenSession]:
    """Where the account is signed in; ``current`` is the digest of the asking session."""
    found = [
        OpenSession(
            id=sessions.key_digest(session.session_key),
            device=session.user_agent,
            last_seen_at=session.last_seen_at,
            is_current=sessions.key_digest(session.session_key) == current,
        )
        for session in UserSession.objects.purge_and_list(account)
    ]
    return sorted(found, key=lambda session: (not session.is_current, -session.last_seen_at.timestamp()))


def device_label(user_agent: str) -> str:
    """A session's device in words."""
    device, program = rules.device_words(user_agent)
    program = _("微信") if program == "WeChat" else program
    return " · ".join(word for word in (device, program) if word) or _("其他设备")


def codes_taken_by(*, supplier: str, since: datetime, slow_after: timedelta) -> tuple[int, int]:
    """How many codes a supplier of SMS took since a moment, and how many were slow to arrive."""
    return sms.taken_by(supplier=supplier, since=since, slow_after=slow_after)
