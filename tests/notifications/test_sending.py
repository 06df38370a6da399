"""From a message to the phone, by the sandbox's carriers over HTTP."""

from datetime import time, timedelta

import pytest
from pytest_django import Settings

from foundation.core import clock
from notifications import services
from notifications.models import Dispatch, Grant, Supplier
from notifications.rules.topics import Channel, DispatchState, Means, Topic
from notifications.services import grants, planning, sending, suppliers
from tests.accounts import people
from tests.notifications.sending import daytime, dispatch, send, template, told, weixin_user
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]


def allow(
    user: dict[str, object], sandbox: Sandbox, count: int = 1, template_id: str = "sandbox-visit"
) -> None:
    """The user allows messages, in the sandbox and by what it reports."""
    sandbox.order("weixin/grants", user=user["id"], template_id=template_id, count=count)
    for _ in range(count):
        grants.note_answer(openid=str(user["openid_mini"]), template=template_id, is_accepted=True)


def test_a_message_without_a_template_stays_in_the_inbox() -> None:
    assert not Dispatch.objects.filter(message=told(people.citizen())).exists()


def test_an_sms_goes_out_once_and_says_nothing_of_the_person(sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime():
        message = told(people.citizen())
        assert dispatch(message).state == DispatchState.CREATED
        assert send() == 1
        assert send() == 0
    row = dispatch(message)
    assert (row.state, row.attempts) == (DispatchState.SENT, 1)
    assert row.provider_reference.startswith("sms-")
    (sent,) = sandbox.messages(people.CITIZEN_PHONE)
    assert sent["params"] == {"hospital": "示范市电子健康卡管理中心"[:20], "when": "2026年11月23日 10:00"}


def test_the_same_event_makes_one_dispatch(sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime():
        told(people.citizen())
        again = services.Telling(
            account_id=people.citizen().public_id,
            kind="appointment.booked",
            dedupe_key="appointment.booked-1",
        )
        assert services.tell(tellings=[again]) == []
    assert Dispatch.objects.count() == 1


def test_weixin_goes_first_for_a_grant_and_the_grant_is_spent(sandbox: Sandbox) -> None:
    account = people.citizen()
    user = weixin_user(sandbox, account)
    template("appointment.booked", Channel.SUBSCRIBE)
    template("appointment.booked")
    allow(user, sandbox)
    with daytime():
        message = told(account)
        send()
    assert dispatch(message, Channel.SUBSCRIBE).state == DispatchState.SENT
    assert not Dispatch.objects.filter(channel=Channel.SMS).exists()
    (sent,) = sandbox.show("weixin/messages")["messages"]
    assert sent["data"]["phrase3"] == "本人"
    assert sent["page"] == f"pages/message/index?id={message.public_id}"
    assert Grant.objects.get().left == 0


def test_who_took_the_grant_back_at_weixin_gets_an_sms(sandbox: Sandbox) -> None:
    account = people.citizen()
    user = weixin_user(sandbox, account)
    template("appointment.booked", Channel.SUBSCRIBE)
    template("appointment.booked")
    grants.note_answer(openid=str(user["openid_mini"]), template="sandbox-visit", is_accepted=True)
    with daytime():
        message = told(account)
        send()
        send()
    refused = dispatch(message, Channel.SUBSCRIBE)
    assert (refused.state, refused.error) == (DispatchState.PERMANENT_FAILURE, "43101")
    assert dispatch(message, Channel.SMS).state == DispatchState.SENT
    grant = Grant.objects.get()
    assert (grant.left, grant.is_refused) == (0, True)


def test_without_a_grant_weixin_is_not_asked_at_all(sandbox: Sandbox) -> None:
    account = people.citizen()
    weixin_user(sandbox, account)
    template("appointment.booked", Channel.SUBSCRIBE)
    template("appointment.booked")
    with daytime():
        message = told(account)
    assert {row.channel for row in Dispatch.objects.filter(message=message)} == {Channel.SMS}


def test_the_official_account_sends_once_however_often_it_is_asked(sandbox: Sandbox) -> None:
    account = people.citizen()
    weixin_user(sandbox, account, "official")
    template("appointment.booked", Channel.OFFICIAL)
    with daytime():
        message = told(account)
        send()
        row = dispatch(message, Channel.OFFICIAL)
        # The answer was lost and the worker with it.
        Dispatch.objects.filter(pk=row.pk).update(
            state=DispatchState.SENDING, lease_until=clock.now() - timedelta(1)
        )
        assert sending.sweep() == 1
        send()
    again = dispatch(message, Channel.OFFICIAL)
    assert (again.state, again.provider_reference) == (DispatchState.SENT, row.provider_reference)
    assert len(sandbox.show("weixin/messages")["messages"]) == 1


def test_what_was_on_its_way_by_subscription_is_not_sent_twice(sandbox: Sandbox) -> None:
    account = people.citizen()
    user = weixin_user(sandbox, account)
    template("appointment.booked", Channel.SUBSCRIBE)
    template("appointment.booked")
    allow(user, sandbox, 3)
    with daytime():
        message = told(account)
        claimed = Dispatch.objects.filter(message=message, channel=Channel.SUBSCRIBE)
        claimed.update(state=DispatchState.SENDING, attempts=1, lease_until=clock.now() - timedelta(1))
        sending.sweep()
        send()
    row = dispatch(message, Channel.SUBSCRIBE)
    assert (row.state, row.error) == (DispatchState.TEMPORARY_FAILURE, "outcome_unknown")
    assert sandbox.show("weixin/messages")["messages"] == []
    assert dispatch(message, Channel.SMS).state == DispatchState.SENT


def test_a_supplier_that_is_away_hands_over_to_the_other(sandbox: Sandbox) -> None:
    template("appointment.booked")
    one, _other = suppliers.ensure()
    Supplier.objects.filter(pk=one.pk).update(weight=100, changed_at=clock.now() - timedelta(days=400))
    Supplier.objects.exclude(pk=one.pk).update(weight=0)
    sandbox.fault("sms", "outage")
    with daytime() as moving:
        message = told(people.citizen())
        send()
        row = dispatch(message)
        assert (row.state, row.supplier, row.error) == (DispatchState.CREATED, "sms", "unavailable")
        moving.shift(6)
        send()
    row = dispatch(message)
    assert (row.state, row.supplier, row.attempts) == (DispatchState.SENT, "sms2", 2)
    assert len(sandbox.messages(people.CITIZEN_PHONE)) == 1
    one.refresh_from_db()
    assert one.weight == 90


def test_a_worker_that_died_after_handing_over_asks_the_same_supplier_again(sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime():
        message = told(people.citizen())
        send()
        row = dispatch(message)
        Dispatch.objects.filter(pk=row.pk).update(
            state=DispatchState.SENDING,
            sent_at=None,
            provider_reference="",
            lease_until=clock.now() - timedelta(1),
        )
        Supplier.objects.filter(name=row.supplier).update(weight=0)
        sending.sweep()
        send()
    again = dispatch(message)
    assert (again.state, again.supplier) == (DispatchState.SENT, row.supplier)
    assert len(sandbox.messages(people.CITIZEN_PHONE)) == 1


def test_a_number_that_is_rejected_is_not_tried_again(sandbox: Sandbox) -> None:
    template("appointment.booked")
    for system in ("sms", "sms2"):
        sandbox.fault(system, "reject", phone=people.CITIZEN_PHONE)
    with daytime():
        message = told(people.citizen())
        send()
    row = dispatch(message)
    assert (row.state, row.error) == (DispatchState.PERMANENT_FAILURE, "number_rejected")


def test_retries_end_in_a_state_that_can_be_seen(sandbox: Sandbox, settings: Settings) -> None:
    template("appointment.booked")
    settings.SMS_BASE = settings.SMS2_BASE = "http://127.0.0.1:9"
    with daytime() as moving:
        message = told(people.citizen())
        for _ in range(30):
            send()
            moving.shift(900)
    row = dispatch(message)
    assert row.state == DispatchState.TEMPORARY_FAILURE
    assert row.ended_at is not None
    assert row.attempts == 20


def test_the_night_is_quiet_but_for_what_is_urgent(sandbox: Sandbox) -> None:
    template("appointment.booked")
    template("emergency.opened")
    with daytime() as moving:
        moving.shift(timedelta(hours=13))
        quiet = told(people.citizen())
        urgent = told(people.citizen(), "emergency.opened")
        send()
        assert dispatch(quiet).state == DispatchState.CREATED
        assert clock.beijing(dispatch(quiet).due_at).hour == 7
        assert dispatch(urgent).state == DispatchState.SENT
        moving.shift(timedelta(hours=8))
        send()
    assert dispatch(quiet).state == DispatchState.SENT


def test_who_wants_no_quiet_hours_has_none() -> None:
    template("appointment.booked")
    account = people.citizen()
    services.set_quiet_hours(account_pk=account.pk, starts=time(22), ends=time(7), is_on=False)
    with daytime() as moving:
        moving.shift(timedelta(hours=13))
        assert dispatch(told(account)).due_at == clock.now()


def test_what_a_resident_switched_off_is_not_sent() -> None:
    template("appointment.booked")
    template("appointment.stopped")
    account = people.citizen()
    services.set_topic(account_pk=account.pk, topic=Topic.VISIT, ways={Means.SMS: False})
    assert not Dispatch.objects.filter(message=told(account)).exists()
    assert dispatch(told(account, "appointment.stopped")).channel == Channel.SMS


def test_reports_that_come_together_are_one_push(sandbox: Sandbox) -> None:
    template("report.published", fields={"what": "{what}", "count": "{count}"})
    account = people.citizen()
    with daytime() as moving:
        first = told(account, "report.published", dedupe_key="r1", params={"report": "r1"})
        for number in (2, 3):
            told(account, "report.published", dedupe_key=f"r{number}", params={"report": f"r{number}"})
        assert send() == 0
        moving.shift(timedelta(minutes=5))
        assert send() == 1
    assert dispatch(first).count == 3
    (sent,) = sandbox.messages(people.CITIZEN_PHONE)
    assert sent["params"] == {"what": "新的检查检验报告", "count": "3"}


def test_a_later_place_in_the_queue_takes_the_place_of_an_earlier_one() -> None:
    template("queue.near")
    account = people.citizen()
    services.set_topic(account_pk=account.pk, topic=Topic.QUEUE, ways={Means.SMS: True})
    with daytime():
        three = told(account, "queue.near", dedupe_key="3", group="queue:t1")
        one = told(account, "queue.near", dedupe_key="1", group="queue:t1")
    assert (dispatch(three).state, dispatch(three).error) == (DispatchState.CANCELLED, planning.SUPERSEDED)
    assert dispatch(one).state == DispatchState.CREATED


def test_who_saw_the_call_gets_no_sms(sandbox: Sandbox) -> None:
    template("queue.called")
    heard, unheard = people.citizen(), people.stranger()
    for account in (heard, unheard):
        services.set_topic(account_pk=account.pk, topic=Topic.QUEUE, ways={Means.SMS: True})
    with daytime() as moving:
        seen, unseen = told(heard, "queue.called"), told(unheard, "queue.called")
        assert send() == 0
        services.mark_read(account_id=heard.public_id, message_id=seen.public_id)
        moving.shift(61)
        send()
    assert dispatch(seen).state == DispatchState.CANCELLED
    assert dispatch(unseen).state == DispatchState.SENT


def test_what_is_worth_nothing_any_more_is_not_sent(sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime() as moving:
        message = told(people.citizen())
        moving.shift(timedelta(hours=25))
        send()
    assert (dispatch(message).state, dispatch(message).error) == (DispatchState.CANCELLED, "expired")
    assert sandbox.messages(people.CITIZEN_PHONE) == []
