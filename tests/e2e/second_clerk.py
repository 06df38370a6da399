"""The pages on which a second clerk looks."""

from playwright.sync_api import Page

from foundation.accounts.selectors import staff_by_username
from identity import services as identity
from institutions import selectors as institutions
from tests.e2e.people import Colleague, holder, newcomer
from tests.e2e.shown import DESK, Opening, OpenPhone


def waiting_at_window(*, opened: bool = False, own: bool = False) -> Opening:
    """Somebody whose card another account holds waits at a window for the second clerk."""

    def shown(phone: OpenPhone) -> Page:
        first = staff_by_username("window" if own else "hospital")
        assert first is not None
        actor = institutions.actor_of_account(first.public_id)
        assert actor is not None
        card = holder("测试原持卡人").card()
        identity.hold_seen_person(
            account_pk=newcomer().account.pk,
            person_pk=card.person_id,
            subject=("cards.Card", card.public_id),
            document="01",
            reason="自己的卡在别人的账号里",
            actor=actor,
        )
        page = phone(Colleague("window"), viewport=DESK)
        page.goto("/window/seconds/")
        if opened:
            page.locator("main .list a").last.click()
            page.wait_for_url("**/window/seconds/*/")
        return page

    return shown
