"""Twenty callers register one person: with the constraint, and without it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from foundation.core.actor import Actor
from mpi import services
from mpi.models import Identifier, IdentifierState, Person
from mpi.types import PersonIdentity, Registration

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 20
ZHANG = PersonIdentity(name="张晓明", id_type="01", id_number="11010020171225006X")


def together(call: Callable[[], Registration]) -> list[Registration]:
    barrier = Barrier(CALLERS)

    def caller(_: int) -> Registration:
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=30)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(caller, range(CALLERS)))


def register() -> Registration:
    return services.register_person(identity=ZHANG, source="h5", actor=Actor.system("tests"))


def test_twenty_callers_register_one_person() -> None:
    registrations = together(register)
    assert [registration.created for registration in registrations].count(True) == 1
    assert len({registration.person_pk for registration in registrations}) == 1
    assert (Person.objects.count(), Identifier.objects.count()) == (1, 1)


def test_without_the_constraint_there_are_several() -> None:
    constraint = next(one for one in Identifier._meta.constraints if one.name == "mpi_identifier_once")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Identifier, constraint)
    try:
        registrations = together(register)
        assert len({registration.person_pk for registration in registrations}) > 1
    finally:
        Identifier.objects.filter(state=IdentifierState.CURRENT).delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Identifier, constraint)
