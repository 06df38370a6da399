"""Institutions, terminals and staff."""

from dataclasses import replace

import pytest

from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused
from foundation.core.ids import new_public_id
from foundation.events.models import OutboxMessage
from foundation.gateway.errors import ClientSuspended
from institutions import errors, selectors, services
from institutions.models import Institution, StaffMembership
from institutions.rules import Role
from tests.accounts import people as account_people
from tests.gateway.signing import Signer
from tests.gateway.test_authenticate import call
from tests.institutions import people
from tests.institutions.people import CENTRE, REASON

pytestmark = pytest.mark.django_db


def test_an_institution_applies_and_is_approved() -> None:
    place = people.hospital()
    found = selectors.institution_by_hospital_id("90001")
    assert found is not None
    assert found.public_id == place
    assert found.is_approved
    assert found.region == "110101"
    assert OutboxMessage.objects.filter(topic="institution.approved.v1").count() == 1


def test_the_contact_is_stored_encrypted() -> None:
    people.region()
    given = people.details(contact_name="示范联系人", contact_phone="010-00000000")
    services.register_institution(details=given, actor=CENTRE)
    row = Institution.objects.get()
    assert "示范联系人".encode() not in row.__dict__["contact_name"].blob
    assert row.contact_name == "示范联系人"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("uscc", "9144030071526726XH", errors.WrongCreditCode),
        ("region", "999999", errors.UnknownRegion),
        ("level", "77", InvalidInput),
        ("category", "Q999", InvalidInput),
        ("hospital_id", "9001", InvalidInput),
    ],
)
def test_a_wrong_detail_is_named(field: str, value: str, error: type[Exception]) -> None:
    people.region()
    with pytest.raises(error) as caught:
        services.register_institution(details=replace(people.details(), **{field: value}), actor=CENTRE)
    assert caught.value.field == field  # type: ignore[attr-defined]


def test_a_code_belongs_to_one_institution() -> None:
    people.hospital()
    with pytest.raises(errors.InstitutionCodeTaken):
        services.register_institution(details=people.details(), actor=CENTRE)


def test_a_hospital_number_belongs_to_one_institution() -> None:
    people.hospital(1)
    second = services.register_institution(details=people.details(2), actor=CENTRE)
    with pytest.raises(errors.InstitutionCodeTaken):
        services.approve(institution=second, hospital_id="90001", actor=CENTRE, reason=REASON)


def test_suspending_an_institution_refuses_its_clients_at_once() -> None:
    place = people.hospital()
    signer = people.system(place).signer
    call(signer)
    services.suspend(institution=place, actor=CENTRE, reason="违规查询")
    with pytest.raises(ClientSuspended):
        call(signer)
    message = OutboxMessage.objects.get(topic="institution.suspended.v1")
    assert message.payload == {"institution": place}
    assert AuditEntry.objects.get(action="institution.suspended").reason == "违规查询"
    services.resume(institution=place, actor=CENTRE, reason="整改完成")
    assert call(signer)


def test_suspending_one_institution_leaves_the_others_alone() -> None:
    first, second = people.hospital(1), people.hospital(2)
    signer = people.system(second).signer
    services.suspend(institution=first, actor=CENTRE, reason=REASON)
    assert call(signer)


def test_an_institution_is_not_suspended_twice() -> None:
    place = people.hospital()
    services.suspend(institution=place, actor=CENTRE, reason=REASON)
    with pytest.raises(errors.InstitutionStateConflict):
        services.suspend(institution=place, actor=CENTRE, reason=REASON)


def test_only_an_open_institution_gets_a_client() -> None:
    place = people.hospital()
    services.suspend(institution=place, actor=CENTRE, reason=REASON)
    with pytest.raises(errors.InstitutionNotApproved):
        people.system(place)


def test_staff_of_a_suspended_institution_are_out() -> None:
    place = people.hospital()
    clerk = people.staff(Role.WINDOW_CLERK, place)
    assert people.actor(clerk).institution == place
    services.suspend(institution=place, actor=CENTRE, reason=REASON)
    assert selectors.actor_of_account(clerk.public_id) is None


def test_a_terminal_number_is_the_institutions_own() -> None:
    first, second = people.hospital(1), people.hospital(2)
    people.terminal(first)
    people.terminal(second)
    with pytest.raises(errors.TerminalTaken):
        people.terminal(first)
    assert selectors.terminal_of(first, "T0001") != selectors.terminal_of(second, "T0001")


def test_a_disabled_terminal_is_not_active() -> None:
    place = people.hospital()
    terminal = people.terminal(place)
    services.disable_terminal(terminal=terminal, actor=CENTRE, reason=REASON)
    found = selectors.terminal_of(place, "T0001")
    assert found is not None
    assert not found.is_active
    with pytest.raises(errors.TerminalStateConflict):
        services.disable_terminal(terminal=terminal, actor=CENTRE, reason=REASON)
    services.enable_terminal(terminal=terminal, actor=CENTRE, reason=REASON)
    found = selectors.terminal_of(place, "T0001")
    assert found is not None
    assert found.is_active


def test_an_administrator_manages_only_the_own_terminals() -> None:
    first, second = people.hospital(1), people.hospital(2)
    admin = people.actor(people.staff(Role.INSTITUTION_ADMIN, first))
    services.add_terminal(institution=first, terminal_id="T9", name="窗口", kind="01", actor=admin)
    with pytest.raises(NotFound):
        services.add_terminal(institution=second, terminal_id="T9", name="窗口", kind="01", actor=admin)
    foreign = people.terminal(second)
    with pytest.raises(NotFound):
        services.disable_terminal(terminal=foreign, actor=admin, reason=REASON)


def test_a_clerk_manages_nothing() -> None:
    place = people.hospital()
    clerk = people.actor(people.staff(Role.WINDOW_CLERK, place))
    with pytest.raises(PermissionRefused):
        services.add_terminal(institution=place, terminal_id="T9", name="窗口", kind="01", actor=clerk)
    with pytest.raises(PermissionRefused):
        services.suspend(institution=place, actor=clerk, reason=REASON)


def test_an_institutions_administrator_does_not_open_institutions() -> None:
    place = people.hospital()
    admin = people.actor(people.staff(Role.INSTITUTION_ADMIN, place))
    for command in (services.suspend, services.resume, services.approve):
        with pytest.raises(PermissionRefused):
            command(institution=place, actor=admin, reason=REASON)


@pytest.mark.parametrize(("role", "has_place"), [(Role.REVIEWER, True), (Role.WINDOW_CLERK, False)])
def test_a_role_fits_its_place(role: Role, has_place: bool) -> None:
    place = people.hospital()
    account = account_people.staff()
    with pytest.raises(errors.RoleMisplaced):
        services.grant_membership(
            account=account.public_id, role=role, institution=place if has_place else "", actor=CENTRE
        )


def test_a_resident_gets_no_task() -> None:
    with pytest.raises(errors.StaffAccountNeeded):
        services.grant_membership(
            account=account_people.citizen().public_id, role=Role.REVIEWER, actor=CENTRE
        )


def test_an_account_has_one_task_at_a_time() -> None:
    account = people.staff(Role.REVIEWER)
    with pytest.raises(errors.MembershipExists):
        services.grant_membership(account=account.public_id, role=Role.AUDITOR, actor=CENTRE)
    first = StaffMembership.objects.get()
    services.end_membership(membership=first.public_id, actor=CENTRE, reason=REASON)
    assert selectors.actor_of_account(account.public_id) is None
    services.grant_membership(account=account.public_id, role=Role.AUDITOR, actor=CENTRE)
    assert Role.AUDITOR in people.actor(account).scopes


def test_the_last_administrator_stays() -> None:
    first = people.staff(Role.CENTRE_ADMIN, username="first")
    membership = StaffMembership.objects.get(account=first)
    with pytest.raises(errors.LastAdministrator):
        services.end_membership(membership=membership.public_id, actor=CENTRE, reason=REASON)
    people.staff(Role.CENTRE_ADMIN, username="second")
    services.end_membership(membership=membership.public_id, actor=CENTRE, reason=REASON)


def test_the_centre_sees_all_and_others_their_own() -> None:
    first, second = people.hospital(1), people.hospital(2)
    own = people.actor(people.staff(Role.WINDOW_CLERK, first))
    centre = people.actor(people.staff(Role.AUDITOR))
    assert {row.public_id for row in selectors.visible(own)} == {first}
    assert {row.public_id for row in selectors.visible(centre)} == {first, second}
    assert not selectors.visible(Actor.resident(new_public_id())).exists()
    unplaced = Actor(kind=ActorKind.STAFF, id=new_public_id())
    assert not selectors.visible(unplaced).exists()


def test_names_are_read_in_one_query(django_assert_num_queries: pytest.FixtureRequest) -> None:
    first, second = people.hospital(1), people.hospital(2)
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = selectors.names([first, second, new_public_id(), ""])
    assert found == {first: "第1医院", second: "第2医院"}


def test_a_signer_is_of_its_institution() -> None:
    place = people.hospital()
    signer: Signer = people.system(place).signer
    assert call(signer).institution == place
