"""Staff of one institution see nothing of another's, on any admin of either site."""

from collections.abc import Iterator

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from foundation.accounts.models import Account
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.gateway import inbound
from foundation.gateway import services as gateway
from institutions.admin_base import ScopedAdmin
from institutions.rules import Role
from institutions.sites import centre_site, institution_site
from interop.webhooks import services as webhooks
from onboarding.services import clients, invitations, merchants
from tests.institutions import people
from tests.interop.senders import event
from tests.onboarding.applying import PDF

# Tables whose rows are nobody's own: every member of staff may read them.
COMMON = {"institutions.Region"}


def admins(site: AdminSite) -> Iterator[tuple[type[Model], ModelAdmin]]:  # type: ignore[type-arg]
    reverse("admin:index", current_app=site.name)  # the addresses load every room's admin
    yield from site._registry.items()


def address(site: AdminSite, model: type[Model], view: str, *args: str) -> str:
    options = model._meta
    name = f"admin:{options.app_label}_{options.model_name}_{view}"
    return reverse(name, args=args, current_app=site.name)


@pytest.fixture
def owner(db: None) -> Account:
    """The administrator of a hospital that has everything of its own."""
    place = people.hospital(1)
    people.terminal(place)
    client = people.system(place).client
    account = people.staff(Role.INSTITUTION_ADMIN, place, username="owner")
    actor = people.actor(account)
    gateway.set_hosts(client=client, hosts=["his.example.org"], actor=people.CENTRE)
    endpoint, _secret = webhooks.add_endpoint(
        client=client,
        url="https://his.example.org/hook",
        types=["appointment.booked"],
        actor=actor,
        reason="测试",
    )
    webhooks.send_test(endpoint=endpoint.public_id, actor=actor, reason="测试")
    inbound.accept(event(), institution=place)
    invitations.invite(institution=place, role=Role.WINDOW_CLERK, actor=actor)
    clients.request_client(
        institution=place, name="LIS", scopes=["card:read"], purpose="检验科使用", actor=actor
    )
    merchants.apply_merchant(
        institution=place,
        payee_name="测试第1医院",
        bank="示范银行",
        account_number="1101019000001234",
        document=PDF,
        actor=actor,
    )
    return account


@pytest.fixture
def stranger(owner: Account) -> Account:
    """The administrator of a hospital that has nothing yet."""
    return people.staff(Role.INSTITUTION_ADMIN, people.hospital(2), username="stranger")


@pytest.mark.parametrize("site", [centre_site, institution_site], ids=lambda site: site.name)
def test_every_admin_is_scoped_and_read_mostly(site: AdminSite) -> None:
    for model, admin in admins(site):
        assert isinstance(admin, ScopedAdmin), model
        assert admin.actions is None, model


def test_a_stranger_finds_nothing_of_another_institution(
    client: Client, owner: Account, stranger: Account
) -> None:
    people.at_work(client, stranger)
    actors = people.actor(owner), people.actor(stranger)
    seen = 0
    for model, admin in admins(institution_site):
        if model._meta.label in COMMON:
            continue
        assert isinstance(admin, ScopedAdmin)
        foreign = set(admin.visible(actors[0])) - set(admin.visible(actors[1]))
        seen += len(foreign)
        page = client.get(address(institution_site, model, "changelist"))
        assert page.status_code in {200, 403}, model
        for row in foreign:
            key = str(getattr(row, admin.url_field))
            # Rows without a public id are told by their address: a bare number stands anywhere.
            telling = key if admin.url_field == "public_id" else f"/{key}/change/"
            assert telling not in page.content.decode(), model
            for view in ("change", "history"):
                answer = client.get(address(institution_site, model, view, key))
                assert answer.status_code in {403, 404}, model
            for act in admin.acts:
                answer = client.post(address(institution_site, model, "do", key, act.name))
                assert answer.status_code in {403, 404}, model
    assert seen >= 5


def test_the_owner_finds_all_of_that(client: Client, owner: Account) -> None:
    people.at_work(client, owner)
    found = 0
    for model, admin in admins(institution_site):
        assert isinstance(admin, ScopedAdmin)
        for row in admin.visible(people.actor(owner)):
            key = str(getattr(row, admin.url_field))
            assert client.get(address(institution_site, model, "change", key)).status_code == 200, model
            found += 1
    assert found >= 5


def test_no_history_tells_what_happened_at_another_institution(
    client: Client, owner: Account, stranger: Account
) -> None:
    people.at_work(client, owner)
    actors = people.actor(owner), people.actor(stranger)
    found = 0
    for model, admin in admins(institution_site):
        assert isinstance(admin, ScopedAdmin)
        if not admin.has_history:
            continue
        for row in admin.visible(actors[0]):
            for actor, reason in zip(actors, ("done here", "done elsewhere"), strict=True):
                audit.record(Action.CARD_READ, actor=actor, subject=row, reason=reason)
            key = str(getattr(row, admin.url_field))
            page = client.get(address(institution_site, model, "history", key)).content.decode()
            assert "done here" in page, model
            assert "done elsewhere" not in page, model
            found += 1
    assert found >= 5


def test_whoever_may_not_open_a_row_may_not_read_its_history(client: Client, owner: Account) -> None:
    clerk = people.staff(Role.WINDOW_CLERK, people.actor(owner).institution)
    people.at_work(client, clerk)
    refused = 0
    for model, admin in admins(institution_site):
        assert isinstance(admin, ScopedAdmin)
        for row in admin.visible(people.actor(clerk)):
            key = str(getattr(row, admin.url_field))
            change, history = (
                client.get(address(institution_site, model, view, key)).status_code
                for view in ("change", "history")
            )
            assert change == history, model
            refused += history == 403
    assert refused


@pytest.mark.parametrize("role", [Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK])
def test_staff_of_an_institution_do_not_enter_the_centres_site(client: Client, db: None, role: Role) -> None:
    people.at_work(client, people.staff(role, people.hospital()))
    for model, _ in admins(centre_site):
        answer = client.get(address(centre_site, model, "changelist"))
        assert answer.status_code == 302, model
        assert answer["Location"].startswith("/admin/login/"), model


def test_staff_of_the_centre_do_not_enter_the_institutions_site(client: Client, db: None) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    for model, _ in admins(institution_site):
        assert client.get(address(institution_site, model, "changelist")).status_code == 302, model


def test_the_centre_reads_every_list(client: Client, owner: Account) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    for model, _ in admins(centre_site):
        assert client.get(address(centre_site, model, "changelist")).status_code == 200, model
