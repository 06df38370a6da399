"""Templates, the record of sending and the suppliers, as staff of the centre see and change them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.errors import PermissionRefused
from institutions.rules import Role
from notifications import demo
from notifications.errors import DispatchNotReplayable, TemplateFieldRefused, TemplateVariableRefused
from notifications.kinds import KINDS
from notifications.models import Dispatch, Supplier, Template
from notifications.models.template import TemplateState
from notifications.rules.topics import POLICIES, Channel, DispatchState, Sms, Topic
from notifications.services import replaying, suppliers, templates
from tests.accounts import people
from tests.institutions import people as colleagues
from tests.notifications.sending import FIELDS, REASON, STAFF, daytime, dispatch, send, template, told
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]


def at_centre(client: Client, role: Role = Role.CENTRE_ADMIN) -> Client:
    return colleagues.at_work(client, colleagues.staff(role))


def act(client: Client, address: str, **data: str) -> Any:
    ticket = client.get(address).context["form"]["ticket"].value()
    return client.post(address, {"reason": REASON, "ticket": ticket, **data})


def test_a_template_is_written_checked_and_put_in_force(client: Client) -> None:
    at_centre(client)
    given = {
        "kind": "report.published",
        "channel": "subscribe",
        "external_id": "sandbox-notice",
        "fields_text": "thing1={hospital}\ntime2={when}\nthing3={what}",
    }
    assert act(client, "/admin/notifications/template/add/", **given).status_code == 302
    row = Template.objects.get()
    assert (row.version, row.state) == (1, TemplateState.DRAFT)
    page = client.get(f"/admin/notifications/template/{row.public_id}/change/").content.decode()
    assert "thing1=示范市第一人民医院" in page
    act(client, f"/admin/notifications/template/{row.public_id}/do/activate/")
    row.refresh_from_db()
    assert row.state == TemplateState.ACTIVE
    act(
        client,
        f"/admin/notifications/template/{row.public_id}/do/edit/",
        external_id="sandbox-notice",
        fields_text="thing1={what}",
    )
    second = Template.objects.latest("pk")
    assert (second.version, second.kind, second.channel) == (2, row.kind, row.channel)
    act(client, f"/admin/notifications/template/{second.public_id}/do/activate/")
    row.refresh_from_db()
    assert row.state == TemplateState.RETIRED
    act(client, f"/admin/notifications/template/{second.public_id}/do/retire/")
    assert not Template.objects.filter(state=TemplateState.ACTIVE).exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"template.drafted", "template.activated", "template.retired"} <= actions


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("diagnosis1={hospital}", "不符合渠道的规定"),
        ("thing1={diagnosis}", "不允许的变量"),
        ("thing1={name}", "不允许的变量"),
        ("phrase1=您的检查报告出来了", "不符合渠道的规定"),
        ("time1={hospital}", "不符合渠道的规定"),
        ("thing1={hospital}请带好证件提前三十分钟到医院签到", "不符合渠道的规定"),
        ("thing1", "每行写成"),
    ],
)
def test_what_weixin_or_the_law_refuses_is_refused_when_it_is_saved(
    client: Client, fields: str, said: str
) -> None:
    at_centre(client)
    page = act(
        client,
        "/admin/notifications/template/add/",
        kind="report.published",
        channel="subscribe",
        external_id="x",
        fields_text=fields,
    )
    assert said in page.content.decode()
    assert not Template.objects.exists()


def test_an_sms_takes_named_parameters_and_the_same_variables() -> None:
    templates.check_fields(channel=Channel.SMS, fields={"hospital": "{hospital}"})
    with pytest.raises(TemplateFieldRefused):
        templates.check_fields(channel=Channel.SMS, fields={"Hospital!": "{hospital}"})
    with pytest.raises(TemplateVariableRefused):
        templates.check_fields(channel=Channel.SMS, fields={"drug": "{drug}"})
    with pytest.raises(TemplateFieldRefused):
        templates.check_fields(channel=Channel.SMS, fields={})


def test_one_version_is_in_force_at_a_time() -> None:
    for _ in range(3):
        template("appointment.booked")
    states = list(Template.objects.order_by("version").values_list("state", flat=True))
    assert states == ["retired", "retired", "active"]


def test_auditors_read_and_change_nothing(client: Client) -> None:
    row = template("appointment.booked")
    at_centre(client, Role.AUDITOR)
    assert client.get("/admin/notifications/template/").status_code == 200
    assert client.get("/admin/notifications/dispatch/").status_code == 200
    assert client.post(f"/admin/notifications/template/{row.public_id}/do/retire/").status_code == 403
    auditor = colleagues.actor(colleagues.staff(Role.AUDITOR, username="auditor-2"))
    with pytest.raises(PermissionRefused):
        templates.retire_template(template=row.public_id, actor=auditor, reason=REASON)


def test_reviewers_and_institutions_see_no_messages(client: Client) -> None:
    at_centre(client, Role.REVIEWER)
    assert client.get("/admin/notifications/dispatch/").status_code == 403
    clerk = colleagues.staff(Role.INSTITUTION_ADMIN, colleagues.hospital(1))
    colleagues.at_work(client, clerk)
    assert client.get("/institution/notifications/dispatch/").status_code == 404


def test_the_record_shows_states_and_neither_phone_nor_words(client: Client, sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime():
        message = told(people.citizen())
        send()
    row = dispatch(message)
    at_centre(client)
    listed = client.get("/admin/notifications/dispatch/", {"state__exact": "sent"}).content.decode()
    assert row.public_id in listed
    page = client.get(f"/admin/notifications/dispatch/{row.public_id}/change/").content.decode()
    assert row.provider_reference in page
    assert people.CITIZEN_PHONE not in listed + page


def test_what_failed_is_sent_anew_once(client: Client, sandbox: Sandbox) -> None:
    template("appointment.booked")
    for system in ("sms", "sms2"):
        sandbox.fault(system, "reject", phone=people.CITIZEN_PHONE)
    with daytime():
        message = told(people.citizen())
        send()
    sandbox.repair()
    row = dispatch(message)
    at_centre(client)
    address = f"/admin/notifications/dispatch/{row.public_id}/do/replay/"
    assert act(client, address).status_code == 302
    send()
    assert dispatch(message).state == DispatchState.SENT
    assert len(sandbox.messages(people.CITIZEN_PHONE)) == 1
    assert client.get(address).status_code == 409
    with pytest.raises(DispatchNotReplayable):
        replaying.replay_dispatch(dispatch=row.public_id, actor=STAFF, reason=REASON)


def test_shares_are_set_by_staff_and_the_last_supplier_stays(client: Client) -> None:
    one, other = suppliers.ensure()
    at_centre(client)
    address = f"/admin/notifications/supplier/{one.public_id}/do/share/"
    act(client, address, resting="80", is_on="on")
    weights = dict(Supplier.objects.values_list("name", "weight"))
    assert weights == {"sms": 80, "sms2": 20}
    act(client, address, resting="0")
    assert not Supplier.objects.get(pk=one.pk).is_on
    page = act(
        client, f"/admin/notifications/supplier/{other.public_id}/do/share/", resting="50"
    ).content.decode()
    assert "至少保留一家" in page
    assert suppliers.choose(suppliers=suppliers.ensure()) == "sms2"
    assert "0 条，其中 0 条超过 5 分钟" in client.get("/admin/notifications/supplier/").content.decode()


def sent(supplier: str, count: int, *, minutes: int, delivered_after: int | None) -> None:
    """Some messages of a supplier, sent so long ago and delivered so many minutes later."""
    row = Template.objects.first() or template("appointment.booked")
    for number in range(count):
        message = told(people.citizen(), dedupe_key=f"{supplier}-{minutes}-{delivered_after}-{number}")
        at = clock.now() - timedelta(minutes=minutes)
        Dispatch.objects.filter(message=message).delete()
        Dispatch.objects.create(
            message=message,
            channel=Channel.SMS,
            template=row,
            supplier=supplier,
            state=DispatchState.SENT if delivered_after is None else DispatchState.DELIVERED,
            created_at=at,
            due_at=at,
            expires_at=at,
            sent_at=at,
            ended_at=None if delivered_after is None else at + timedelta(minutes=delivered_after),
        )


def test_messages_move_to_the_supplier_that_delivers() -> None:
    one, other = suppliers.ensure()
    sent("sms", 8, minutes=10, delivered_after=1)
    sent("sms", 1, minutes=10, delivered_after=7)
    sent("sms", 1, minutes=8, delivered_after=None)
    sent("sms2", 10, minutes=10, delivered_after=1)
    assert not suppliers.rebalance()
    Supplier.objects.update(changed_at=clock.now() - timedelta(hours=1))
    assert suppliers.rebalance()
    assert dict(Supplier.objects.values_list("name", "weight")) == {"sms": 40, "sms2": 60}
    assert not suppliers.rebalance()
    assert {one.name, other.name} == {"sms", "sms2"}


def test_the_fields_of_the_tests_keep_the_rules() -> None:
    for channel, fields in FIELDS.items():
        templates.check_fields(channel=channel, fields=fields)


def test_the_demo_has_a_template_for_everything_that_is_pushed() -> None:
    demo.load({})
    count = Template.objects.filter(state=TemplateState.ACTIVE).count()
    demo.load({})
    assert Template.objects.count() == count
    pushed = {
        name
        for name, kind in KINDS.items()
        if kind.topic != Topic.CARD and POLICIES[kind.topic].sms is not Sms.NEVER
    }
    assert set(Template.objects.filter(channel=Channel.SMS).values_list("kind", flat=True)) == pushed
