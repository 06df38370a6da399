"""How many queries reading persons takes, and which index answers."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from foundation.core.actor import Actor
from gmcrypto import keystore
from gmcrypto.keyring import Purpose
from mpi import selectors, services
from mpi.models import Person
from mpi.types import PersonIdentity

pytestmark = pytest.mark.django_db

CLERK = Actor.system("tests")


def people(count: int) -> list[int]:
    return [
        services.register_person(
            identity=PersonIdentity(name="张晓明", id_type="03", id_number=f"E{number:07d}"),
            source="h5",
            actor=CLERK,
        ).person_pk
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 20])
def test_particulars_of_many_take_the_same_three_queries_as_those_of_one(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pks = people(count)
    keystore.forget()
    keystore.active(Purpose.INDEX)
    with django_assert_num_queries(3):
        assert len(selectors.particulars_many(pks)) == count
    with django_assert_num_queries(2):
        assert len(selectors.particulars_many(pks)) == count


def test_joined_persons_take_two_more_whatever_their_number(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pks = people(10)
    Person.objects.filter(pk__in=pks[:9]).update(survivor_id=pks[9])
    with django_assert_num_queries(4):
        found = selectors.particulars_many(pks[:9])
    assert {data.person_pk for data in found.values()} == {pks[9]}


def test_survivors_and_clusters_of_many_take_one_query_each(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pks = people(10)
    with django_assert_num_queries(1):
        selectors.survivors(pks)
    with django_assert_num_queries(1):
        selectors.clusters(pks)
    with django_assert_num_queries(0):
        assert not selectors.clusters([])
        assert not selectors.particulars_many([])


def test_finding_by_number_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people(3)
    with django_assert_num_queries(1):
        assert selectors.find_by_identifier("03", "E0000001") is not None


def test_finding_by_number_among_many_reads_the_index_and_not_the_table() -> None:
    person = people(1)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO mpi_identifier
                (public_id, person_id, domain, type, value, value_index, state, created_at)
            SELECT 'x' || n, %s, 'national', '03', ''::bytea, sha256(n::text::bytea), 'current', now()
            FROM generate_series(1, 20000) AS n
            """,
            [person],
        )
        cursor.execute("ANALYZE mpi_identifier")
    plan = reading_of_identifiers()
    assert "mpi_identifier_once " in plan
    assert "mpi_identifier_once_next" not in plan
    keystore.prepare(Purpose.INDEX)
    plan = reading_of_identifiers()
    assert "mpi_identifier_once " in plan
    assert "mpi_identifier_once_next" in plan


def reading_of_identifiers() -> str:
    """The plan, in which no row of an identifier is read to be thrown away.

    How the persons are joined is left to the planner: the few of a test are quickly read whole, and
    whether it knows that they are few depends on when statistics were last taken.
    """
    plan: str = selectors.identified_rows("03", "E0000001").explain()
    steps = [line.strip().removeprefix("->").strip() for line in plan.splitlines()]
    assert not [step for step in steps if step.startswith(("Filter:", "Seq Scan on mpi_identifier"))], plan
    return plan
