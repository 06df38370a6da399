"""A hospital with its program, signed in."""

from collections.abc import Iterator
from typing import Any

import pytest

from cards import centre
from tests.cards.world import Holder, citizen_number, holder
from tests.interop.answers import MASKED
from tests.interop.programs import Program
from tests.interop.sdk_programs import SdkProgram
from tests.interop.world import Place, bind
from tests.sandbox_server import Sandbox


@pytest.fixture(autouse=True)
def _rules_are_read_again() -> Iterator[None]:
    centre.forget()
    yield
    centre.forget()


@pytest.fixture
def place(db: None) -> Place:
    return Place()


@pytest.fixture
def program(place: Place) -> Program:
    place.program.sign_in()
    return place.program


@pytest.fixture
def sdk(place: Place) -> SdkProgram:
    return place.sdk_program(place.client)


@pytest.fixture
def who(db: None) -> Holder:
    return holder()


@pytest.fixture
def masked(db: None) -> Program:
    program = Place(scopes=MASKED).program
    program.sign_in()
    return program


@pytest.fixture
def applicant(sandbox: Sandbox) -> dict[str, Any]:
    """A complete ``req`` of registerHealthCard for a person nobody has registered."""
    number = citizen_number()
    return {
        "wechatCode": sandbox.weixin_code(),
        "name": "测试甲",
        "gender": "男",
        "nation": "汉族",
        "birthday": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "idNumber": number,
        "idType": "01",
        "address": "测试路1号",
        "phone1": "13900000000",
        "patid": f"P{number[-6:]}",
    }


@pytest.fixture
def patient(place: Place, who: Holder) -> Holder:
    bind(who, place)
    return who


@pytest.fixture
def registration(sandbox: Sandbox) -> dict[str, Any]:
    """What the national SDK's register sends of a person nobody has registered."""
    number = citizen_number()
    return {
        "apply_type": "3",
        "id_type": "01",
        "id_no": number,
        "name": "测试甲",
        "gender": "1",
        "birthday": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "cellphone": "13900000000",
        "address": "测试路1/2号　３单元",
        "unit": "测试单位",
    }
