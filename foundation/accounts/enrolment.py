"""From a proven phone number or WeChat user to an account, which is made at the first sign-in.

The unique index over (kind, value) decides: of two first sign-ins at once one makes the
account, and the other finds it.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from foundation.accounts.models import Account, AccountKind, MethodKind, SignInMethod
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto.index import blind_index, indexed_as, next_blind_index

Proof = tuple[MethodKind, str]


def find(kind: MethodKind, value: str) -> SignInMethod | None:
    """The method with this value, with its account."""
    return (
        SignInMethod.objects.select_related("account")
        .filter(indexed_as("value_index", index_domain(kind), value), kind=kind)
        .first()
    )


def find_or_open(proofs: Sequence[Proof]) -> Account:
    """The account of the first proof that has one, else a new one with all of them.

    Proofs that are free are added to the account that was found.
    """
    account = _first_account(proofs)
    if account is None:
        try:
            return _open(proofs)
        except IntegrityError:
            # Somebody opened it in the same moment, by one of these proofs.
            account = _first_account(proofs)
            if account is None:
                raise
    for kind, value in proofs:
        add_if_free(account, kind, value)
    return account


def add(account: Account, kind: MethodKind, value: str, *, actor: Actor) -> SignInMethod:
    """Let the account be signed in to by one more method.

    Raises:
        IntegrityError: If the method already leads to an account, or the account has a phone.
    """
    moment = clock.now()
    with transaction.atomic():
        method = SignInMethod.objects.create(
            account=account,
            subject=account.public_id,
            kind=kind,
            value=value,
            value_index=blind_index(index_domain(kind), value),
            value_index_next=next_blind_index(index_domain(kind), value),
            verified_at=moment,
            last_used_at=moment,
        )
        audit.record(
            Action.ACCOUNT_METHOD_ADDED, actor=actor, subject=account, details={"method": kind.value}
        )
    return method


def add_if_free(account: Account, kind: MethodKind, value: str) -> None:
    """Add the method unless it is in use, here or elsewhere."""
    if find(kind, value) is not None:
        return
    if kind is MethodKind.PHONE and account.sign_in_methods.filter(kind=kind).exists():
        return
    try:
        add(account, kind, value, actor=Actor.resident(account.public_id))
    except IntegrityError:
        # It was taken in between: the account simply goes without it.
        return


@transaction.atomic
def _open(proofs: Sequence[Proof]) -> Account:
    account = Account(kind=AccountKind.RESIDENT)
    account.set_unusable_password()
    account.save()
    actor = Actor.resident(account.public_id)
    audit.record(Action.ACCOUNT_CREATED, actor=actor, subject=account, details={"kind": account.kind})
    for kind, value in proofs:
        add(account, kind, value, actor=actor)
    return account


def _first_account(proofs: Sequence[Proof]) -> Account | None:
    for kind, value in proofs:
        method = find(kind, value)
        if method is not None:
            return method.account
    return None


def index_domain(kind: str) -> str:
    """Under which word the values of a kind are indexed."""
    return f"sign-in-{kind}"
