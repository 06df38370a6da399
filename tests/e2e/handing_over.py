"""Pages that an institution's own account, or its terminal, leads to."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

from cards.services import handover, preauth, scanning
from foundation.core.actor import Actor, ActorKind
from foundation.gateway.caller import Caller
from foundation.gateway.selectors import client_named
from identity.services import orders
from institutions import demo as hospitals
from institutions.selectors import institution_by_hospital_id
from tests.cards.world import citizen_number
from tests.e2e.people import Resident, holder, press

BACK = "https://hospital.example.com/h5/"


def program() -> Actor:
    """The demo hospital's program."""
    place = institution_by_hospital_id(hospitals.PEOPLES.hospital_id)
    assert place is not None
    client = client_named(place.public_id, hospitals.CLIENT_NAME)
    return Actor(kind=ActorKind.CLIENT, id=client, institution=place.public_id)


def scanned(answer: str = "", who: Callable[[], Resident] = holder) -> Callable[[Callable[..., Page]], Page]:
    """Somebody scans the code of a terminal, and answers what it asks."""

    def opened(phone: Callable[..., Any]) -> Page:
        actor = program()
        caller = Caller(0, actor.id, actor.institution, frozenset(), "", "", 1)
        started = scanning.start_scan(caller=caller, terminal_id="T0001", scene="0101012")
        page: Page = phone(who())
        page.goto(started.text[started.text.index("/open/") :])
        if answer:
            press(page, answer)
            page.wait_for_load_state()
        return page

    return opened


def asked_for_a_face(answer: str = "") -> Callable[[Callable[..., Page]], Page]:
    """Somebody without an account is to show their face, and does."""

    def opened(phone: Callable[..., Any]) -> Page:
        order_id = orders.place_order(
            kind="face", id_type="01", id_number=citizen_number(), name="测试持卡人", actor=program()
        )
        page: Page = phone()
        page.goto(f"/open/verify/{order_id}/")
        if answer:
            press(page, "开始刷脸")
            press(page, answer)
            page.wait_for_url("**/open/verify/**")
        return page

    return opened


def pre_registered(
    who: Callable[[], Resident], *, is_filled: bool = False
) -> Callable[[Callable[..., Page]], Page]:
    """Somebody comes to agree to the hospital's form, or to confirm it."""

    def opened(phone: Callable[..., Any]) -> Page:
        resident = who()
        order_id = preauth.begin_pre_registration(
            success_url=BACK, fail_url=BACK, form_url=BACK, actor=program()
        )
        path = f"/open/preauth/{order_id}/"
        if is_filled:
            resident.consent()
            code = preauth.agree_to_form(order_id=order_id, actor=resident.actor)
            given = {
                "id_type": "01",
                "id_number": citizen_number(),
                "name": "测试申领人",
                "phone": resident.phone,
            }
            preauth.hand_in_form(code=code, particulars=given, actor=program())
            path = f"/open/prefill/{order_id}/"
        page: Page = phone(resident)
        page.goto(path)
        return page

    return opened


def handed_over(path: str, who: Callable[[], Resident] = holder) -> Callable[[Callable[..., Page]], Page]:
    """Somebody comes from the demo hospital's own account."""

    def opened(phone: Callable[..., Any]) -> Page:
        resident = who()
        asked = {"app_id": hospitals.credentials()["tencent"]["appId"], "redirect_uri": BACK}
        if path.endswith("takeMsCard"):
            asked["order_id"] = handover.place_pack_order(card_pk=resident.card().pk, actor=program())
        page: Page = phone(resident)
        page.goto(f"{path}?{urlencode(asked)}")
        return page

    return opened
