"""First sign-ins at once make one account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from foundation.accounts import enrolment
from foundation.accounts.enrolment import Proof
from foundation.accounts.models import Account, MethodKind, SignInMethod
from gmcrypto.index import blind_index
from tests.accounts import people

CALLERS = 12
PROOFS: list[Proof] = [(MethodKind.WEIXIN_MINI, "o-invented"), (MethodKind.PHONE, people.CITIZEN_PHONE)]


def at_once(work: Callable[[], int | None]) -> list[int | None]:
    barrier = Barrier(CALLERS, timeout=60)

    def run(_: int) -> int | None:
        try:
            # Connected before anybody begins: connecting takes longer than the work.
            connection.ensure_connection()
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(run, range(CALLERS)))


@pytest.mark.django_db(transaction=True)
def test_many_first_sign_ins_at_once_make_one_account() -> None:
    found = at_once(lambda: enrolment.find_or_open(PROOFS).pk)
    assert len(set(found)) == 1
    assert Account.objects.count() == 1
    assert SignInMethod.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_without_the_unique_index_they_would_make_many() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_sign_in_method DROP CONSTRAINT accounts_method_one_account")
    try:
        found = at_once(lambda: enrolment.find_or_open([PROOFS[0]]).pk)
        assert len(set(found)) > 1
    finally:
        Account.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE accounts_sign_in_method ADD CONSTRAINT accounts_method_one_account "
                "UNIQUE (kind, value_index)"
            )


@pytest.mark.django_db
def test_a_value_leads_to_one_account_in_the_database_itself() -> None:
    account, other = people.citizen(), people.stranger()
    method = SignInMethod.objects.get(account=account)
    method.pk, method.account, method.subject = None, other, other.public_id
    method.public_id = "0" * 26
    method.value = people.CITIZEN_PHONE
    assert method.value_index == blind_index("sign-in-phone", people.CITIZEN_PHONE)
    with pytest.raises(IntegrityError):
        method.save()
