"""Medicines are handed out once, at however many windows at once; and what happens without the guard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from appointments.errors import MedicineNotReady
from appointments.models import Medicine
from appointments.rules.queueing import MedicineState
from appointments.services import medicines
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from tests.appointments.waiting import CENTRE, clinic, resident
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-13")]

WINDOWS = 6


def ready() -> tuple[Medicine, Actor]:
    with transaction.atomic():
        where, who = clinic(), resident()
        pharmacist = people.actor(people.staff(Role.PHARMACIST, where.institution))
        medicines.note_ready(
            institution=where.institution,
            institution_pk=where.institution_pk,
            person_pk=who.card.person_id,
            said=medicines.ReadyMedicine("R1"),
            actor=CENTRE,
        )
    return Medicine.objects.get(), pharmacist


def race(hand_out: Callable[[], object]) -> list[str]:
    barrier = threading.Barrier(WINDOWS, timeout=30)

    def one(_number: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            hand_out()
        except MedicineNotReady:
            return "refused"
        finally:
            connections.close_all()
        return "handed out"

    with ThreadPoolExecutor(WINDOWS) as threads:
        return list(threads.map(one, range(WINDOWS)))


def test_of_many_windows_one_hands_out() -> None:
    row, actor = ready()
    outcomes = race(lambda: medicines.hand_out(medicine=row.public_id, person_pk=row.person_id, actor=actor))
    assert outcomes.count("handed out") == 1
    assert OutboxMessage.objects.filter(topic="medicine.collected.v1").count() == 1


def test_looking_first_and_saving_afterwards_would_hand_out_many_times() -> None:
    row, _ = ready()
    looking = threading.Barrier(WINDOWS, timeout=30)

    def without_the_conditional_update() -> None:
        seen = Medicine.objects.get(pk=row.pk)
        if seen.state != MedicineState.READY:
            raise MedicineNotReady
        looking.wait()
        seen.state, seen.ended_at = MedicineState.COLLECTED, clock.now()
        seen.save()

    assert race(without_the_conditional_update).count("handed out") == WINDOWS
