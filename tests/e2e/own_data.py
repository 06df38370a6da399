"""The pages about one's own data."""

from collections.abc import Callable

from playwright.sync_api import Page

from cards import drain
from cards.services import life
from cards.services.confirmations import answer_confirmation, ask_for_confirmation
from foundation.core.actor import Actor, ActorKind
from foundation.gateway.caller import actor_of_caller
from institutions.rules import Role
from tests.cards import world
from tests.e2e.people import Resident, holder, newcomer, press

CLERK = Actor(kind=ActorKind.STAFF, id="c" * 26, scopes=frozenset({"centre", Role.CENTRE_ADMIN.value}))
OpenPhone = Callable[..., Page]


def seen() -> Resident:
    """A holder whose code was scanned."""
    resident = holder()
    card = resident.card()
    who = world.Holder(card, card.numbers.get(), "")
    world.scan(world.code_of(who), world.hospital(short_name="东区医院"))
    while drain.drain_usage():
        continue
    return resident


def stopped() -> Resident:
    """A holder whose card staff have stopped."""
    resident = holder()
    life.freeze_card(card_pk=resident.card().pk, reason="疑似冒用", actor=CLERK)
    return resident


def at(path: str, who: Callable[[], Resident]) -> Callable[[OpenPhone], Page]:
    """Somebody opens an address."""

    def opened(phone: OpenPhone) -> Page:
        page = phone(who())
        page.goto(path)
        return page

    return opened


def asked(*, agrees: bool | None = None) -> Callable[[OpenPhone], Page]:
    """Somebody whom a hospital asks to confirm something opens it; perhaps they have answered."""

    def opened(phone: OpenPhone) -> Page:
        resident = holder()
        card = resident.card()
        row = ask_for_confirmation(
            card=card,
            title="随访同意书",
            text="本人已了解出院后的随访安排，\n同意医院每年电话联系一次。",
            valid_minutes=7 * 24 * 60,
            actor=actor_of_caller(world.hospital(short_name="东区医院").caller),
        )
        if agrees is not None:
            answer_confirmation(
                public_id=row.public_id,
                account_pk=resident.account.pk,
                agrees=agrees,
                reason="" if agrees else "想再考虑一下",
                actor=resident.actor,
            )
        page = phone(resident)
        page.goto("/me/data/confirmations/")
        page.locator("main .list a").first.click()
        page.wait_for_url(f"**/{row.public_id}/")
        return page

    return opened


def asked_list(phone: OpenPhone) -> Page:
    """What was asked, as a list."""
    page = asked(agrees=True)(phone)
    page.goto("/me/data/confirmations/")
    return page


def closing(phone: OpenPhone) -> Page:
    """The form sent without its tick."""
    page = at("/me/data/close/", holder)(phone)
    press(page, "注销账户")
    return page


PAGES = (
    ("data", "data", at("/me/data/", holder)),
    ("card-visibility", "card-visibility", at("/card/visibility/", holder)),
    ("looks", "looks", at("/me/data/looks/", seen)),
    ("looks-none", "looks", at("/me/data/looks/", newcomer)),
    ("data-copy", "data-copy", at("/me/data/copy/", holder)),
    ("confirmations", "confirmations", asked_list),
    ("confirmations-none", "confirmations", at("/me/data/confirmations/", newcomer)),
    ("confirmation", "confirmation", asked()),
    ("confirmation-refused", "confirmation", asked(agrees=False)),
    ("consents", "consents", at("/me/data/consents/", holder)),
    ("account-close", "account-close", at("/me/data/close/", holder)),
    ("account-close-wrong", "account-close", closing),
    ("account-close-stopped", "account-close", at("/me/data/close/", stopped)),
)
