"""One value is stored once while the index key is exchanged, whatever each process knows of the keys."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.db import IntegrityError, connections, transaction

from cards.errors import BatchRepeated
from cards.models import Batch
from foundation.accounts import enrolment
from foundation.accounts.models import Account, MethodKind, SignInMethod
from foundation.core import clock
from gmcrypto import keystore
from gmcrypto.index import blind_index, next_blind_index
from gmcrypto.keyring import Purpose
from mpi.models import Identifier, Person
from tests.cards import listing, world
from tests.keys.everything import command, later

pytestmark = pytest.mark.django_db(transaction=True)

PHONES = [f"1390000{number:04d}" for number in range(12)]
DOMAIN = enrolment.index_domain("phone")


def as_this_process_knows(phone: str) -> SignInMethod:
    """A row as a process writes it that learns of nothing new from here on."""
    account = Account(kind="resident")
    account.set_unusable_password()
    account.save()
    return SignInMethod(
        account=account,
        subject=account.public_id,
        kind=MethodKind.PHONE,
        value=phone,
        value_index=blind_index(DOMAIN, phone),
        value_index_next=next_blind_index(DOMAIN, phone),
        verified_at=clock.now(),
        last_used_at=clock.now(),
    )


def two_keys_on(phone: str, *, guarded: bool) -> bool:
    """A process under the new key and one that still holds the old one write the same value."""
    keystore.prepare(Purpose.INDEX)
    late = as_this_process_knows(phone)
    keystore.rotate(Purpose.INDEX)
    enrolment.find_or_open([(MethodKind.PHONE, phone)])
    if not guarded:
        SignInMethod.objects.update(value_index_next=None)
    try:
        with transaction.atomic():
            late.save()
    except IntegrityError:
        return False
    return True


def test_the_second_column_refuses_the_same_value_under_the_other_key() -> None:
    assert not two_keys_on(PHONES[0], guarded=True)
    assert SignInMethod.objects.count() == 1


def test_without_it_one_number_would_lead_to_two_accounts() -> None:
    assert two_keys_on(PHONES[0], guarded=False)
    assert SignInMethod.objects.count() == 2


def test_who_knows_only_the_old_key_and_who_knows_the_next_meet_in_the_first_column() -> None:
    late = as_this_process_knows(PHONES[0])
    keystore.prepare(Purpose.INDEX)
    enrolment.find_or_open([(MethodKind.PHONE, PHONES[0])])
    with pytest.raises(IntegrityError), transaction.atomic():
        late.save()


def test_who_has_not_noticed_the_end_meets_the_next_writer_in_the_first_column() -> None:
    keystore.prepare(Purpose.INDEX)
    keystore.rotate(Purpose.INDEX)
    late = as_this_process_knows(PHONES[0])
    assert late.value_index == late.value_index_next
    keystore.finish(Purpose.INDEX)
    enrolment.find_or_open([(MethodKind.PHONE, PHONES[0])])
    with pytest.raises(IntegrityError), transaction.atomic():
        late.save()


def test_the_key_is_not_changed_while_a_transaction_of_before_is_open() -> None:
    command("begin")
    begun, over = threading.Event(), threading.Event()

    def linger() -> None:
        with transaction.atomic():
            Person.objects.exists()
            begun.set()
            over.wait(120)
        connections.close_all()

    with ThreadPoolExecutor(1) as threads, later():
        waiting = threads.submit(linger)
        assert begun.wait(120)
        command("continue")
        assert keystore.active(Purpose.INDEX).version == 1
        over.set()
        waiting.result()
        command("continue")
        assert keystore.active(Purpose.INDEX).version == 2


def test_a_list_handed_in_again_under_the_new_key_is_known() -> None:
    place = world.hospital()
    lines = [listing.line("测试戊", number="", patient="P-1")]
    listing.handed_in(place, lines)
    keystore.prepare(Purpose.INDEX)
    keystore.rotate(Purpose.INDEX)
    with pytest.raises(BatchRepeated):
        listing.handed_in(place, lines)
    assert Batch.objects.count() == 1


def test_people_sign_in_and_are_registered_all_the_while() -> None:
    """Four threads write and read the same few people during the whole exchange."""
    numbers = [world.citizen_number() for _ in range(6)]
    over = threading.Event()

    def live() -> int:
        rounds = 0
        while not over.is_set():
            for phone in PHONES:
                enrolment.find_or_open([(MethodKind.PHONE, phone)])
            for number in numbers:
                listing.registered(number)
            rounds += 1
        connections.close_all()
        return rounds

    with ThreadPoolExecutor(4) as threads, ExitStack() as time:
        living = [threads.submit(live) for _ in range(4)]
        try:
            command("begin")
            for version in (1, 2):
                time.enter_context(later())
                for _try in range(200):
                    command("continue")
                    if keystore.active(Purpose.INDEX).version > version or (
                        keystore.leaving_key(Purpose.INDEX) is None and version == 2
                    ):
                        break
        finally:
            over.set()
        assert all(one.result() > 0 for one in living)
    assert keystore.leaving_key(Purpose.INDEX) is None
    assert keystore.active(Purpose.INDEX).version == 2
    assert SignInMethod.objects.count() == Account.objects.count() == len(PHONES)
    assert Identifier.objects.count() == Person.objects.count() == len(numbers)
    found = set(SignInMethod.objects.values_list("value_index", flat=True))
    assert found == {blind_index(DOMAIN, phone) for phone in PHONES}
