"""How far back an account reads of visits, places and medicines."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments.models import Booking
from appointments.services import check_in
from appointments.services.medicines import ReadyMedicine, note_ready
from foundation.core import clock
from identity.models import Holding
from tests.accounts.people import signed_in
from tests.appointments import waiting
from tests.appointments.waiting import CENTRE, Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-05"), pytest.mark.row("OP-13")]


def test_whoever_only_knew_a_name_and_a_number_reads_nothing_from_before(where: Clinic) -> None:
    who = waiting.resident()
    slot = waiting.session(where)
    waiting.booked(who, slot)
    waiting.booked(who, waiting.session(where, doctor=False), number=2)
    check_in.check_in_at_desk(
        booking=Booking.objects.get(number=2).public_id, priority=3, reason="", actor=where.nurse
    )
    note_ready(
        institution=where.institution,
        institution_pk=where.institution_pk,
        person_pk=who.card.person_id,
        said=ReadyMedicine("R1", pick_code="A77"),
        actor=CENTRE,
    )
    phone = signed_in(Client(), who.account)

    def read() -> str:
        return "".join(phone.get(path).content.decode() for path in ("/queue/", "/medicines/"))

    for known in ("A001", "A77", "起可以签到"):
        assert known in read()
    later = clock.now() + timedelta(minutes=1)
    Holding.objects.filter(account=who.account).update(level=1, opened_at=later)
    for unknown in ("A001", "A77", "起可以签到"):
        assert unknown not in read()
