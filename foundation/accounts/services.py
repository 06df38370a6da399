"""Signing in and out, and what belongs to an account."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string

from foundation.accounts import devices, enrolment, phone_codes, rules, sessions, sms
from foundation.accounts.errors import (
    AccountClosed,
    CodeRefused,
    InvalidPhone,
    PhoneTaken,
    ResidentsOnly,
    SecondProofExhausted,
    SecondProofWrong,
    UsernameTaken,
    WeakPassword,
)
from foundation.accounts.models import Account, AccountKind, MethodKind
from foundation.accounts.tasks import send_code
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import NotFound, StalePage, TooManyRequests

ACTIVATE = phone_codes.ACTIVATE
WINDOW = phone_codes.WINDOW
SECOND_PROOF_TRIES = 3
_DAY = 24 * 3600

ProofCheck = Callable[[Account, str], bool | None]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that succeeded.

    Attributes:
        device: The word that the device is to keep (``devices.keep``), so that it is known.
        needs_proof: Whether the session opens nothing before the second proof.
    """

    account: Account
    device: str
    needs_proof: bool


# --- phone -----------------------------------------------------------------------------------


def request_phone_code(*, phone: str, ip: str, purpose: str = phone_codes.SIGN_IN) -> None:
    """Send a code to a phone. Nothing in the answer depends on whether it has an account.

    Raises:
        InvalidPhone: If the number cannot be one.
        TooManyRequests: Over one a minute, five an hour or ten a day for a number.
    """
    number = rules.normalise_phone(phone)
    phone_codes.check_request_limits(phone=number, ip=ip)
    code = phone_codes.issue(phone=number, purpose=purpose)
    with transaction.atomic():
        dispatch = sms.prepare(phone=number, code=code, purpose=purpose)
        transaction.on_commit(lambda: send_code.delay(dispatch.public_id))


def note_code_receipt(*, dispatch_id: str, supplier: str, is_delivered: bool, error: str = "") -> bool:
    """Note what a supplier of SMS says became of a code; whether it was one, and is news."""
    return sms.note_receipt(
        dispatch_id=dispatch_id, supplier=supplier, is_delivered=is_delivered, error=error
    )


def send_family_code(*, phone: str, code: str) -> None:
    """Send a code by which the owner of a phone agrees that somebody holds their card.

    In the caller's transaction; the message goes out after its commit. Who asks may not learn
    whether there is a phone, so a number that cannot get messages is passed over.
    """
    try:
        number = rules.normalise_phone(phone)
    except InvalidPhone:
        return
    dispatch = sms.prepare(phone=number, code=code, purpose=phone_codes.FAMILY)
    transaction.on_commit(lambda: send_code.delay(dispatch.public_id))


def sign_in_with_phone(request: HttpRequest, *, phone: str, code: str, ip: str, device: str = "") -> SignIn:
    """Sign a resident in by a code; the first sign-in opens the account.

    Args:
        device: The word that this device was given before; empty for a new one.

    Raises:
        CodeRefused: If the code is wrong, used or out of date.
        AccountClosed: If the account is suspended.
    """
    number = rules.normalise_phone(phone)
    _consume(number, code, phone_codes.SIGN_IN, ip)
    account = enrolment.find_or_open([(MethodKind.PHONE, number)])
    return _enter(request, account, kind=MethodKind.PHONE, device=device)


def bind_phone(*, account: Account, phone: str, code: str, ip: str) -> None:
    """Let an account without a phone be signed in to by one.

    Raises:
        CodeRefused: If the code is wrong, used or out of date.
        PhoneTaken: If the number leads to another account, or the account has a number.
    """
    number = rules.normalise_phone(phone)
    _consume(number, code, phone_codes.BIND, ip)
    try:
        enrolment.add(account, MethodKind.PHONE, number, actor=Actor.resident(account.public_id))
    except IntegrityError as exc:
        raise PhoneTaken(field="phone") from exc


def confirm_phone_code(*, phone: str, code: str, purpose: str, ip: str) -> str:
    """Use up a code that proves a phone without signing anybody in; returns the number as kept.

    Raises:
        CodeRefused: If the code is wrong, used or out of date.
    """
    number = rules.normalise_phone(phone)
    _consume(number, code, purpose, ip)
    return number


def use_phone_code(*, phone: str, purpose: str, code: str, ip: str) -> None:
    """Use up a code that was sent for another purpose than signing in.

    Raises:
        CodeRefused: If it is wrong, used, out of date or was tried too often.
    """
    _consume(phone, code, purpose, ip)


def _consume(phone: str, code: str, purpose: str, ip: str) -> None:
    try:
        phone_codes.consume(phone=phone, purpose=purpose, code=code.strip(), ip=ip)
    except CodeRefused:
        audit.record(
            Action.ACCOUNT_SIGN_IN_REFUSED,
            actor=Actor.system("sign-in"),
            subject=("accounts.Phone", phone_codes.phone_digest(phone)),
            details={"method": MethodKind.PHONE.value, "purpose": purpose},
        )
        raise


# --- WeChat ----------------------------------------------------------------------------------


def sign_in_with_weixin(
    request: HttpRequest,
    *,
    kind: MethodKind,
    openid: str,
    unionid: str = "",
    phone: str = "",
    device: str = "",
) -> SignIn:
    """Sign a resident in by what WeChat confirmed; the first sign-in opens the account.

    Args:
        kind: Which application the ``openid`` belongs to.
        phone: A number that WeChat vouches for in this very sign-in. It leads to the account
            that has it, if the WeChat user has none yet.

    Raises:
        AccountClosed: If the account is suspended.
    """
    proofs = [(kind, openid)]
    if unionid:
        proofs.append((MethodKind.WEIXIN_UNION, unionid))
    if phone:
        number = rules.normalise_phone(phone)
        known = any(enrolment.find(*proof) for proof in proofs)
        by_phone = None if known else enrolment.find(MethodKind.PHONE, number)
        if by_phone is not None and _needs_proof(by_phone.account, device):
            # The number may have a new owner: the WeChat user is not tied to the account
            # before the second proof; the next sign-in does it.
            return _enter(request, by_phone.account, kind=MethodKind.PHONE, device=device)
        proofs.append((MethodKind.PHONE, number))
    return _enter(request, enrolment.find_or_open(proofs), kind=kind, device=device)


# --- entering and leaving --------------------------------------------------------------------


def _enter(request: HttpRequest, account: Account, *, kind: MethodKind, device: str) -> SignIn:
    if account.kind != AccountKind.RESIDENT:
        raise ResidentsOnly
    if not account.is_active:
        raise AccountClosed
    needs_proof = kind is MethodKind.PHONE and _needs_proof(account, device)
    token = device or devices.new_token()
    with transaction.atomic():
        if not needs_proof:
            _note_use(account, kind, token)
        audit.record(
            Action.ACCOUNT_SIGNED_IN,
            actor=Actor.resident(account.public_id),
            subject=account,
            details={"method": kind.value, "state": "needs_proof" if needs_proof else "complete"},
        )
    sessions.begin(request, account)
    if needs_proof:
        request.session[sessions.NEEDS_PROOF] = True
    return SignIn(account=account, device=token, needs_proof=needs_proof)


def give_second_proof(request: HttpRequest, *, answer: str, device: str = "") -> str:
    """Answer the question that a sign-in after long silence asks; returns the device's word.

    Raises:
        SecondProofWrong: If the answer is not that of the person.
        SecondProofExhausted: After three wrong answers in a day; the session is ended.
    """
    account = request.user
    if not isinstance(account, Account):
        raise NotFound
    actor = Actor.resident(account.public_id)
    limit = f"second-proof:{account.public_id}"
    try:
        ratelimit.hit(limit, limit=SECOND_PROOF_TRIES, per_seconds=_DAY)
    except TooManyRequests as exc:
        sign_out(request)
        raise SecondProofExhausted from exc
    if _proof_check()(account, answer.strip().upper()) is False:
        audit.record(Action.ACCOUNT_SECOND_PROOF_REFUSED, actor=actor, subject=account)
        if ratelimit.count(limit) >= SECOND_PROOF_TRIES:
            sign_out(request)
            raise SecondProofExhausted
        raise SecondProofWrong(field="answer")
    ratelimit.forget(limit)
    token = device or devices.new_token()
    with transaction.atomic():
        _note_use(account, MethodKind.PHONE, token)
        audit.record(Action.ACCOUNT_SECOND_PROOF_GIVEN, actor=actor, subject=account)
    request.session.pop(sessions.NEEDS_PROOF, None)
    return token


def sign_out(request: HttpRequest) -> None:
    """End the request's session; its sockets close."""
    get_adapter().logout(request)


def end_session(*, account: Account, session: str, actor: Actor) -> None:
    """End another session of an account, named by its digest.

    Raises:
        NotFound: If the account has no such session.
    """
    for key in _session_keys(account):
        if sessions.key_digest(key) == session:
            with transaction.atomic():
                audit.record(Action.ACCOUNT_SESSION_ENDED, actor=actor, subject=account)
                sessions.end(account, key)
            return
    raise NotFound


def _session_keys(account: Account) -> Sequence[str]:
    return list(account.usersession_set.values_list("session_key", flat=True))  # type: ignore[attr-defined]


def _needs_proof(account: Account, device: str) -> bool:
    if not rules.was_long_silent(account.last_active_at, clock.now()) or devices.is_known(account, device):
        return False
    # An account that holds nobody's card has nothing to protect.
    return _proof_check()(account, "") is not None


def _proof_check() -> ProofCheck:
    check: ProofCheck = import_string(settings.SECOND_PROOF_CHECK)
    return check


def _note_use(account: Account, kind: MethodKind, device: str) -> None:
    moment = clock.now()
    Account.objects.filter(pk=account.pk).update(last_active_at=moment)
    account.sign_in_methods.filter(kind=kind).update(last_used_at=moment)
    devices.remember(account, device)


# --- accounts --------------------------------------------------------------------------------


def open_resident(*, phone: str) -> Account:
    """The account of a number, opened if there is none: for demo data and imports."""
    return enrolment.find_or_open([(MethodKind.PHONE, rules.normalise_phone(phone))])


@transaction.atomic
def create_staff(*, username: str, password: str, actor: Actor) -> Account:
    """Open an account for work; what it may do is given by memberships.

    Raises:
        WeakPassword: If the password breaks a rule.
        UsernameTaken: If the name is in use.
    """
    account = Account(kind=AccountKind.STAFF, username=username.strip())
    try:
        validate_password(password, account)
    except ValidationError as exc:
        raise WeakPassword(field="password") from exc
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as exc:
        raise UsernameTaken(field="username") from exc
    audit.record(Action.ACCOUNT_CREATED, actor=actor, subject=account, details={"kind": account.kind})
    return account


def set_preferences(*, account: Account, language: str | None = None, care_mode: bool | None = None) -> None:
    """Keep what the person likes, for the applications that ask for it; None leaves a field."""
    if language is not None:
        account.language = language
    if care_mode is not None:
        account.care_mode = care_mode
    account.save(update_fields=["language", "care_mode", "updated_at"])


@transaction.atomic
def suspend_account(*, account: Account, actor: Actor, reason: str) -> None:
    """Stop an account: its sessions and sockets end.

    Raises:
        StalePage: If it is suspended already.
    """
    if not Account.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
        raise StalePage
    audit.record(Action.ACCOUNT_SUSPENDED, actor=actor, subject=account, reason=reason)
    sessions.end_all(account)
    sessions.tell_ended(account)


@transaction.atomic
def resume_account(*, account: Account, actor: Actor, reason: str) -> None:
    """Let a suspended account be used again.

    Raises:
        StalePage: If it is not suspended, or was closed by its owner.
    """
    suspended = Account.objects.filter(pk=account.pk, is_active=False, closed_at=None)
    if not suspended.update(is_active=True):
        raise StalePage
    audit.record(Action.ACCOUNT_RESUMED, actor=actor, subject=account, reason=reason)
