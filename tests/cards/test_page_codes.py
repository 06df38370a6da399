"""The codes that a page holds, their drawings, and codes for institutions."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
import zxingcpp
from django.conf import LazySettings

from cards import errors
from cards.codes import image, page
from cards.codes.institution import mint_for_institution
from cards.models import CodeMint
from cards.rules.policy import CodeKind
from cards.services import life
from cards.services.binding import bind_card
from foundation.audit.models import AuditEntry
from foundation.core import clock, redis
from foundation.core.errors import TooManyRequests
from foundation.events.models import OutboxMessage
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.errors import ScopeMissing
from tests.cards.world import CENTRE, Holder, Hospital, code_of, hospital, scan, set_rules

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-12")]


@pytest.fixture
def without_valkey(settings: LazySettings) -> Iterator[None]:
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    redis.client.cache_clear()
    yield
    redis.client.cache_clear()


def pixels(svg: str) -> Any:
    """The drawing as the reader of codes takes it: rows of grey bytes, four pixels a module."""
    size = int(re.findall(r'width="(\d+)"', svg)[0])
    rows = [bytearray(b"\xff" * size * 4) for _ in range(size * 4)]
    path = re.findall(r'<path d="([^"]+)"', svg)[0]
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", path):
        for row in range(int(y) * 4, (int(y) + int(height)) * 4):
            rows[row][int(x) * 4 : (int(x) + int(width)) * 4] = bytes(int(width) * 4)
    raw = b"".join(bytes(row) for row in rows)
    return memoryview(raw).cast("B", (size * 4, size * 4))


def test_a_page_holds_the_code_of_now_and_three_coming_ones(somebody: Holder, here: Hospital) -> None:
    payload = page.payload(somebody.card)
    assert payload["refresh_seconds"] == 50
    shown = payload["codes"]
    assert len(shown) == 4
    assert [later["valid_from"] - shown[0]["valid_from"] for later in shown] == [0, 50_000, 100_000, 150_000]
    assert all(code["valid_until"] - code["valid_from"] == 60_000 for code in shown)
    assert shown[0]["valid_from"] <= payload["server_time"] < shown[0]["valid_until"]
    assert payload["static"]["text"] == f"{somebody.number.value}:1"
    scan(shown[0]["text"], here)
    with pytest.raises(errors.CodeNotYetValid):
        scan(shown[1]["text"], here)
    with time_machine.travel(clock.now() + timedelta(seconds=55)):
        scan(shown[1]["text"], here)


def test_every_code_of_a_page_can_be_read_from_its_drawing(somebody: Holder) -> None:
    payload = page.payload(somebody.card)
    for code in [*payload["codes"], payload["static"]]:
        read = zxingcpp.read_barcode(pixels(code["svg"]))
        assert read is not None
        assert read.text == code["text"]


def test_a_drawing_has_a_quiet_zone_of_four_modules_and_a_dynamic_code_41_modules(somebody: Holder) -> None:
    svg = image.svg(code_of(somebody))
    size = int(re.findall(r'width="(\d+)"', svg)[0])
    # 130 characters need 41 modules in the alphanumeric mode; in the byte mode they need 49.
    assert size == 41 + 2 * 4
    boxes = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", svg)
    assert min(int(x) for x, _, _, _ in boxes) == 4
    assert min(int(y) for _, y, _, _ in boxes) == 4
    assert max(int(x) + int(width) for x, _, width, _ in boxes) == size - 4
    assert max(int(y) + int(height) for _, y, _, height in boxes) == size - 4


def test_a_png_can_be_read_too(somebody: Holder) -> None:
    png = base64.b64decode(image.png_base64(code_of(somebody)))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png[16:24] == (49 * 8).to_bytes(4) * 2


def test_a_frozen_card_shows_no_code(somebody: Holder) -> None:
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    somebody.card.refresh_from_db()
    for show in (page.payload, page.static_payload):
        with pytest.raises(errors.CardFrozen):
            show(somebody.card)


def test_without_the_holders_leave_there_is_no_static_code(somebody: Holder) -> None:
    life.switch_static_code(card_pk=somebody.card.pk, enabled=False, actor=CENTRE)
    somebody.card.refresh_from_db()
    assert page.payload(somebody.card)["static"] is None
    with pytest.raises(errors.StaticSwitchedOff):
        page.static_payload(somebody.card)


def test_the_centre_sets_lifetime_interval_and_prefetch(somebody: Holder) -> None:
    set_rules(lifetime_seconds=120, refresh_seconds=90, prefetch_windows=1)
    payload = page.payload(somebody.card)
    assert payload["refresh_seconds"] == 90
    assert len(payload["codes"]) == 2
    first, second = payload["codes"]
    assert second["valid_from"] - first["valid_from"] == 90_000
    assert first["valid_until"] - first["valid_from"] == 120_000


def test_a_page_that_asks_too_often_is_slowed_down(somebody: Holder) -> None:
    set_rules(page_codes_per_minute=2)
    page.payload(somebody.card)
    page.payload(somebody.card)
    with pytest.raises(TooManyRequests):
        page.payload(somebody.card)


def test_a_page_still_shows_codes_without_valkey(somebody: Holder, without_valkey: None) -> None:
    assert len({code["text"] for code in page.payload(somebody.card)["codes"]}) == 4


# For institutions


def bind(who: Holder, where: Hospital) -> None:
    bind_card(card_pk=who.card.pk, actor=actor_of_caller(where.caller))


def test_an_institution_gets_a_code_for_its_own_patient_and_the_holder_is_told(
    here: Hospital, somebody: Holder
) -> None:
    bind(somebody, here)
    minted = mint_for_institution(card_id=somebody.number.value, caller=here.caller, request_id="r1")
    assert minted.code_kind is CodeKind.DYNAMIC
    assert minted.valid_from is not None
    scan(minted.text, here)
    row = CodeMint.objects.get()
    assert (row.institution, row.client, row.card_id) == (
        here.public_id,
        here.caller.public_id,
        somebody.card.pk,
    )
    assert AuditEntry.objects.filter(action="code.minted", subject_id=somebody.card.public_id).count() == 1
    told = OutboxMessage.objects.get(topic="code.minted.v1")
    assert told.payload["institution_id"] == here.public_id
    assert somebody.number.value not in str(told.payload)


def test_a_stranger_institution_gets_no_code(here: Hospital, somebody: Holder) -> None:
    bind(somebody, hospital())
    with pytest.raises(errors.PersonNotBound):
        mint_for_institution(card_id=somebody.number.value, caller=here.caller, request_id="r1")
    assert not CodeMint.objects.exists()


def test_scanning_somebody_does_not_bind_them(here: Hospital, somebody: Holder) -> None:
    scan(code_of(somebody), here)
    with pytest.raises(errors.PersonNotBound):
        mint_for_institution(card_id=somebody.number.value, caller=here.caller, request_id="r1")


def test_making_codes_has_a_scope_of_its_own(somebody: Holder) -> None:
    where = hospital(scopes=("code:verify", "card:read_full"))
    bind(somebody, where)
    with pytest.raises(ScopeMissing):
        mint_for_institution(card_id=somebody.number.value, caller=where.caller, request_id="r1")


def test_a_frozen_card_gets_no_code_by_way_of_an_institution(here: Hospital, somebody: Holder) -> None:
    bind(somebody, here)
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with pytest.raises(errors.CardFrozen):
        mint_for_institution(card_id=somebody.number.value, caller=here.caller, request_id="r1")


def test_codes_per_card_are_limited_over_all_institutions(here: Hospital, somebody: Holder) -> None:
    set_rules(institution_codes_per_hour=2)
    there = hospital()
    for where in (here, there):
        bind(somebody, where)
        mint_for_institution(card_id=somebody.number.value, caller=where.caller, request_id="r1")
    with pytest.raises(TooManyRequests):
        mint_for_institution(card_id=somebody.number.value, caller=here.caller, request_id="r2")


def test_an_institution_may_ask_for_the_static_code_if_the_holder_allows_it(
    here: Hospital, somebody: Holder
) -> None:
    bind(somebody, here)
    minted = mint_for_institution(
        card_id=somebody.number.value, caller=here.caller, request_id="r1", code_kind=CodeKind.STATIC
    )
    assert minted.text == f"{somebody.number.value}:1"
    life.switch_static_code(card_pk=somebody.card.pk, enabled=False, actor=CENTRE)
    with pytest.raises(errors.StaticSwitchedOff):
        mint_for_institution(
            card_id=somebody.number.value, caller=here.caller, request_id="r2", code_kind=CodeKind.STATIC
        )
