"""What the methods of the national SDK cost in questions to the database."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.cards.world import Holder, citizen_number, code_of, holder
from tests.interop.sdk_programs import SdkProgram, by_number, numbered
from tests.interop.world import Place, bind

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-11")]
# Measured: 51, 32, 17, 6, 14, 3, of which a third are savepoints. Key, terminal and rules are remembered
# for seconds, which a slow machine may need between the two calls: they count.
REMEMBERED = 3
MOST = {"register": 53, "alterinfo": 34, "close": 19, "query": 7, "generate": 14, "verify": 4}


@pytest.mark.parametrize("method", MOST)
def test_the_cost_of_a_method_is_known(
    place: Place,
    sdk: SdkProgram,
    registration: dict[str, Any],
    method: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    first, second = holder(), holder()
    for who in (first, second):
        bind(who, place)
    sdk.ok(method, content_of(method, first, registration))
    content = content_of(method, second, registration)
    with django_assert_max_num_queries(MOST[method] + REMEMBERED):
        sdk.ok(method, content)


def content_of(method: str, who: Holder, registration: dict[str, Any]) -> dict[str, Any]:
    if method == "register":
        return numbered(method, **{**registration, "id_no": citizen_number(), "birthday": ""})
    if method == "query":
        return by_number(who, id_type="01", id_no=who.id_number)
    if method == "verify":
        return {"ehealth_code": code_of(who)}
    return numbered(method, **by_number(who, gender="0", address="测试路9号"))
