"""What the tests of this room start from."""

from datetime import timedelta

import pytest

import identity.demo
from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.actor import Actor
from identity import services
from mpi import services as mpi
from mpi.types import PersonIdentity, PersonRef
from tests.accounts import people

CLERK = Actor.system("tests")
NUMBER = "11010020171225006X"


@pytest.fixture
def citizen(db: None) -> Account:
    """The citizen's account."""
    return people.citizen()


@pytest.fixture
def stranger(db: None) -> Account:
    """Somebody else's account."""
    return people.stranger()


@pytest.fixture
def notice(db: None) -> str:
    """The version of a notice in force."""
    identity.demo.load({})
    return identity.demo.VERSION


def register(name: str = "张晓明", id_type: str = "01", number: str = NUMBER) -> PersonRef:
    """A person in the master index."""
    return mpi.register_person(
        identity=PersonIdentity(name=name, id_type=id_type, id_number=number), source="h5", actor=CLERK
    )


def publish(version: str, *, in_days: int = 0) -> None:
    """Another version of the notice."""
    services.publish_notice(
        version=version,
        text_zh="新的隐私政策",
        text_en="The new notice",
        in_force_from=clock.now() + timedelta(days=in_days),
        actor=CLERK,
    )
