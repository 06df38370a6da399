"""What a family owes, paid and got back: the pages, the interface, and what an open page is told."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.paper import can_print
from foundation.events import live, relay
from identity import selectors as holdings
from identity import services as identity
from identity.rules import Evidence
from identity.types import FamilyLimits, Relation
from payments import services
from payments.models import Bill, PaymentAttempt, Refund
from payments.providers.base import RefundSaid
from payments.providers.cash import TILL
from payments.rules import App, Category, LegKind, RefundReason, usual_arrival
from payments.selectors.books import check_books
from payments.services import asking, returning, settling
from payments.types import Charge
from tests.accounts import people as accounts
from tests.cards import families
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid, row
from tests.payments.paying import begun, channel, tell_paid

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-20")]


@pytest.fixture
def bank(settings: Settings) -> Ledger:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    return Bank.books


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


def signed_in(who: CardHolder) -> Client:
    return accounts.signed_in(Client(), who.account)


def api(phone: Client) -> Client:
    return Client(headers={"X-Session-Token": phone.session.session_key or ""})


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def given_back(bill: str, amount_fen: int | None = None) -> Refund:
    [opened] = services.refund_bill(
        bill=bill, amount_fen=amount_fen, reason=RefundReason.HOSPITAL, actor=SYSTEM
    )
    return Refund.objects.get(public_id=opened)


def refunds_now() -> None:
    Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=F("opened_at"))
    for refund in returning.due_refunds():
        returning.send_refund(refund=refund)


def mixed(place: Desk, who: CardHolder, bank: Ledger) -> Bill:
    """A bill that two ways of paying share."""
    at = channel(place.institution)
    bill = row(owed(place.institution, total_fen=5_000, person_pk=who.card.person_id))
    parts = [
        settling.Part(TILL, 3_200, LegKind.OWN),
        settling.Part(CODE, 1_800, LegKind.OWN),
    ]
    settlement = settling.begin(bill=bill, parts=parts, app=App.H5, actor=SYSTEM)
    for leg in settlement.legs.order_by("place"):
        attempt = PaymentAttempt.objects.create(
            bill=bill,
            leg=leg,
            channel=at if leg.provider == CODE else None,
            provider=leg.provider,
            amount_fen=leg.amount_fen,
            started_at=clock.now(),
        )
        services.confirm_attempt(
            attempt=attempt.public_id,
            captured_fen=leg.amount_fen,
            channel_ref=f"X{leg.place}",
            actor=SYSTEM,
        )
    return bill


# The list


def test_the_list_shows_what_is_to_pay_what_was_paid_and_what_went_back(place: Desk, who: CardHolder) -> None:
    me = who.card.person_id
    waiting = owed(place.institution, total_fen=700, person_pk=me)
    done = paid(place, total_fen=1_000, person_pk=me)
    back = paid(place, total_fen=2_000, person_pk=me)
    refund = given_back(back.bill_id, 500)
    services.hand_out_refund(refund=refund.public_id, actor=place.actor)
    late = owed(place.institution, total_fen=90, person_pk=me)
    Bill.objects.filter(public_id=late.bill_id).update(expires_at=clock.now() - timedelta(minutes=1))
    phone = signed_in(who)
    page = text(phone.get("/bills/"))
    for shown in ("¥7.00", "¥30.00", "¥5.00", "部分退款", "已过期"):
        assert shown in page
    found = {
        standing: {
            bill.bill_id
            for bill in (waiting, done, back, late)
            if bill.bill_id in text(phone.get("/bills/", {"standing": standing}))
        }
        for standing in ("to_pay", "paid", "refunds")
    }
    assert found == {
        "to_pay": {waiting.bill_id},
        "paid": {done.bill_id, back.bill_id},
        "refunds": {back.bill_id},
    }
    assert check_books() == []


def test_the_family_is_told_apart_by_person_year_and_hospital(place: Desk) -> None:
    parent, child = families.guardian(), card_holder("13900001002", "测小宝")
    identity.open_dependant_holding(
        account_pk=parent.account.pk,
        person_pk=child.card.person_id,
        relation=Relation.CHILD,
        evidence=Evidence.GUARDIAN_PROOF,
        limits=FamilyLimits(dependants=5, guardians=5),
        actor=CENTRE,
    )
    own = identity_of(parent.account.pk)
    elsewhere = desk(2)
    mine = owed(place.institution, person_pk=own[0], minutes=None)
    childs = owed(elsewhere.institution, person_pk=child.card.person_id, minutes=None)
    last_year = clock.beijing(clock.now()).year - 1
    Bill.objects.filter(public_id=mine.bill_id).update(
        created_at=datetime(last_year, 12, 31, 23, 30, tzinfo=clock.BEIJING)
    )
    phone = accounts.signed_in(Client(), parent.account)
    page = text(phone.get("/bills/"))
    assert "测小宝" in page
    assert mine.bill_id in page
    assert childs.bill_id in page
    childs_person = row(childs).person_ref
    for narrowed, wanted in (
        ({"person": childs_person}, {childs.bill_id}),
        ({"person": own[1]}, {mine.bill_id}),
        ({"year": str(last_year)}, {mine.bill_id}),
        ({"year": str(last_year + 1)}, {childs.bill_id}),
        ({"hospital": elsewhere.institution}, {childs.bill_id}),
        ({"hospital": elsewhere.institution, "year": str(last_year)}, set()),
    ):
        shown = text(phone.get("/bills/", narrowed))
        assert {bill.bill_id for bill in (mine, childs) if bill.bill_id in shown} == wanted
    assert "这里没有账单" in shown
    # The child's own account sees its own alone.
    assert mine.bill_id not in text(signed_in(child).get("/bills/"))


def identity_of(account_pk: int) -> tuple[int, str]:
    own = holdings.self_person(account_pk)
    assert own is not None
    return own.person_pk, own.person_id


@pytest.mark.parametrize(
    "wrong", [{"person": "0" * 26}, {"standing": "owed"}, {"year": "20x6"}, {"year": "0"}, {"before": "x"}]
)
def test_what_there_is_not_cannot_be_asked_for(who: CardHolder, wrong: dict[str, str]) -> None:
    phone = signed_in(who)
    assert phone.get("/bills/", wrong).status_code == 400
    assert api(phone).get("/api/resident/v1/bills", wrong).status_code == 400


def test_the_next_page_is_there_though_the_last_bill_was_paid_meanwhile(place: Desk, who: CardHolder) -> None:
    bills = [owed(place.institution, person_pk=who.card.person_id) for _ in range(23)]
    phone = signed_in(who)
    assert "before=" in text(phone.get("/bills/?standing=to_pay"))
    services.pay_in_cash(bill=bills[3].bill_id, received_fen=1_200, actor=place.actor)
    second = text(phone.get("/bills/", {"standing": "to_pay", "before": bills[3].bill_id}))
    assert bills[2].bill_id in second
    assert bills[4].bill_id not in second


def test_long_lists_ask_the_database_no_more_than_short_ones(
    place: Desk, who: CardHolder, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(15):
        paid(place, person_pk=who.card.person_id)
    phone = signed_in(who)
    phone.get("/bills/")
    with django_assert_max_num_queries(19):
        phone.get("/bills/")
    # Besides, the parts of one bill: its lines, legs, payments, refunds and the ways that are offered.
    bill = Bill.objects.latest("pk").public_id
    with django_assert_max_num_queries(22):
        phone.get(f"/bills/{bill}/")


# One bill


def test_lines_stand_under_their_category_with_its_sum(place: Desk, who: CardHolder) -> None:
    bill = services.open_bill(
        subject=("tests.Thing", "sections"),
        person_pk=who.card.person_id,
        institution=place.institution,
        items=[
            Charge("血常规", 2_500, Category.LABORATORY),
            Charge("示范胶囊", 3_640, Category.MEDICINE, 2),
            Charge("尿常规", 1_500, Category.LABORATORY),
        ],
        expires_at=None,
        actor=SYSTEM,
    )
    phone = signed_in(who)
    page = text(phone.get(f"/bills/{bill.bill_id}/"))
    assert "¥40.00" in page
    assert page.index("尿常规") < page.index("示范胶囊")
    told = api(phone).get(f"/api/resident/v1/bills/{bill.bill_id}").json()
    assert [(one["label"], one["amount_fen"]) for one in told["sections"]] == [
        ("检验费", 4_000),
        ("药品费", 3_640),
    ]
    assert sum(one["amount_fen"] for one in told["sections"]) == told["total_fen"]


def test_a_mixed_payment_is_shown_leg_by_leg_and_goes_back_leg_by_leg(
    place: Desk, who: CardHolder, bank: Ledger
) -> None:
    bill = mixed(place, who, bank)
    phone = signed_in(who)
    address = f"/api/resident/v1/bills/{bill.public_id}"
    told = api(phone).get(address).json()
    assert [(leg["way"], leg["amount_fen"]) for leg in told["legs"]] == [
        ("医院收费处", 3_200),
        ("测试银行", 1_800),
    ]
    assert told["paid_by"] == "医院收费处、测试银行"
    services.refund_bill(bill=bill.public_id, amount_fen=2_000, reason=RefundReason.HOSPITAL, actor=SYSTEM)
    till = Refund.objects.get(provider=TILL)
    services.hand_out_refund(refund=till.public_id, provider=TILL, actor=place.actor)
    told = api(phone).get(address).json()
    assert [leg["refunded_fen"] for leg in told["legs"]] == [200, 0]
    assert {(one["way"], one["state"], one["amount_fen"]) for one in told["refunds"]} == {
        ("测试银行", "due", 1_800),
        ("医院收费处", "paid", 200),
    }
    receipt = text(phone.get(f"/bills/{bill.public_id}/receipt/"))
    assert "¥32.00" in receipt
    assert "¥18.00" in receipt
    assert check_books() == []


def test_a_way_of_paying_that_is_gone_from_the_settings_keeps_its_bills_readable(
    client: Client, place: Desk, who: CardHolder, bank: Ledger, settings: Settings
) -> None:
    bill = mixed(place, who, bank)
    services.refund_bill(bill=bill.public_id, amount_fen=100, reason=RefundReason.HOSPITAL, actor=SYSTEM)
    settings.PAYMENT_PROVIDERS = [path for path in settings.PAYMENT_PROVIDERS if "bank" not in path]
    phone = signed_in(who)
    assert bill.public_id in text(phone.get("/bills/"))
    page = text(phone.get(f"/bills/{bill.public_id}/"))
    assert "其他方式（banktest）" in page
    refunds_now()
    assert Refund.objects.get().failure == "provider_unknown"
    assert "退款遇到问题" in text(phone.get(f"/bills/{bill.public_id}/"))


# Refunds


@pytest.mark.row("FC-06")
def test_a_refund_says_where_it_goes_by_when_and_what_to_do_when_it_is_stuck(
    place: Desk, who: CardHolder, bank: Ledger
) -> None:
    at = channel(place.institution)
    bill = owed(place.institution, person_pk=who.card.person_id)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    refund = given_back(bill.bill_id)
    phone = signed_in(who)
    address = f"/bills/{bill.bill_id}/"
    due = text(phone.get(address))
    day = usual_arrival(clock.beijing(refund.opened_at).date())
    assert f"原路退回测试银行，一般 {day.month}月{day.day}日前到账" in due
    assert "退款中" in text(phone.get("/bills/"))
    bank.refund_answer = RefundSaid.PROCESSING
    refunds_now()
    assert "退回途中" in text(phone.get(address))
    bank.refund_states[refund.public_id] = RefundSaid.ABNORMAL
    refunds_now()
    stuck = text(phone.get(address))
    assert "退款遇到问题" in stuck
    assert "已退款" not in stuck
    assert "医院会换一个办法退给您" in stuck
    told = api(phone).get(f"/api/resident/v1{address[:-1]}").json()["refunds"]
    assert [(one["state"], one["usual_by"], one["at_window"]) for one in told] == [("abnormal", None, False)]


def test_money_usually_arrives_after_days_on_which_banks_work() -> None:
    thursday = datetime(2026, 11, 19).date()
    assert usual_arrival(thursday).isoformat() == "2026-11-24"


def test_what_came_twice_and_went_back_leaves_the_bill_paid(place: Desk, who: CardHolder) -> None:
    bill = paid(place, person_pk=who.card.person_id)
    services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt="SJ2", actor=SYSTEM)
    phone = signed_in(who)
    assert "退款中" in text(phone.get("/bills/"))
    refund = Refund.objects.get()
    services.hand_out_refund(refund=refund.public_id, provider=TILL, actor=place.actor)
    page = text(phone.get("/bills/"))
    assert "已支付" in page
    assert "部分退款" not in page


# Live


@pytest.mark.row("OP-10")
def test_an_open_page_hears_of_each_charge_payment_and_refund(
    place: Desk, who: CardHolder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    stranger = card_holder("13900001009", "测试壬")
    _, before = live.recent(who.account.public_id)
    _, strangers = live.recent(stranger.account.public_id)
    bill = paid(place, person_pk=who.card.person_id)
    given_back(bill.bill_id)
    with django_capture_on_commit_callbacks(execute=True):
        relay.run_once()
    heard, _ = live.recent(who.account.public_id, before)
    told = [one["data"] for one in heard if one["kind"] == "bill.changed"]
    assert told == [{"bill": bill.bill_id}] * 3
    assert not live.recent(stranger.account.public_id, strangers)[0]


# The voucher


def test_the_voucher_is_a_pdf_that_says_that_it_is_no_invoice(place: Desk, who: CardHolder) -> None:
    bill = owed(place.institution, person_pk=who.card.person_id)
    phone = signed_in(who)
    address = f"/bills/{bill.bill_id}/receipt/document"
    assert phone.get(address).status_code == 404
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
    for answer in (phone.get(address), api(phone).get(f"/api/resident/v1{address}")):
        if can_print():
            assert answer.content.startswith(b"%PDF-")
            assert answer["Content-Type"] == "application/pdf"
        else:
            assert answer.status_code == 404
    printed = AuditEntry.objects.filter(action=Action.VOUCHER_PRINTED, subject_id=bill.bill_id)
    assert printed.count() == (2 if can_print() else 0)
    stranger = card_holder("13900001009", "测试壬")
    assert signed_in(stranger).get(address).status_code == 404
