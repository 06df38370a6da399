"""Commands over institutions, their terminals, clients and staff."""

from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction

from foundation.accounts import selectors as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused
from foundation.core.text import normalise_number
from foundation.events import services as events
from foundation.gateway import services as gateway
from institutions import errors, rules, selectors
from institutions.events import InstitutionApproved, InstitutionResumed, InstitutionSuspended
from institutions.models import Institution, Region, StaffMembership, Terminal
from institutions.rules import Duty, InstitutionState, Role, TerminalKind, TerminalState
from institutions.types import InstitutionDetails


@transaction.atomic
def add_region(*, code: str, name: str, parent: str = "", actor: Actor) -> None:
    """Add a division, or rename it; ``parent`` is the code of the one above.

    Raises:
        UnknownRegion: There is no such parent.
    """
    require(actor, Duty.MANAGE_INSTITUTIONS)
    above = Region.objects.filter(code=parent).first() if parent else None
    if parent and above is None:
        raise errors.UnknownRegion(field="parent")
    if not rules.is_region_code(code):
        raise InvalidInput(field="code")
    Region.objects.update_or_create(code=code, defaults={"name": name, "parent": above})
    audit.record(Action.REGION_CHANGED, actor=actor, subject=("institutions.Region", code))


@transaction.atomic
def register_institution(*, details: InstitutionDetails, actor: Actor, reason: str = "") -> str:
    """Register an institution that asks to take part.

    Returns:
        Its public id.

    Raises:
        WrongCreditCode: The credit code fails its check character.
        UnknownRegion: There is no such division.
        InvalidInput: Level, category or hospital number is not of its table.
        InstitutionCodeTaken: Code or hospital number belongs to another institution.
    """
    require(actor, Duty.MANAGE_INSTITUTIONS)
    uscc = normalise_number(details.uscc)
    if not rules.is_uscc(uscc):
        raise errors.WrongCreditCode(field="uscc")
    wrong = rules.wrong_code(details.level, details.category, details.hospital_id)
    if wrong:
        raise InvalidInput(field=wrong)
    region = Region.objects.filter(code=details.region).first()
    if region is None:
        raise errors.UnknownRegion(field="region")
    try:
        with transaction.atomic():
            institution = Institution.objects.create(
                code=details.code,
                name=details.name,
                short_name=details.short_name,
                region=region,
                level=details.level,
                category=details.category,
                uscc=uscc,
                hospital_id=details.hospital_id or None,
                contact_name=details.contact_name or None,
                contact_phone=details.contact_phone or None,
            )
    except IntegrityError as exc:
        raise errors.InstitutionCodeTaken(field="code") from exc
    audit.record(
        Action.INSTITUTION_CREATED,
        actor=actor,
        subject=institution,
        institution=institution.public_id,
        reason=reason,
    )
    return institution.public_id


@transaction.atomic
def open_sandbox(*, details: InstitutionDetails, actor: Actor) -> str:
    """Register an institution that exists for joint tests alone, open at once; returns its public id.

    Raises:
        PermissionRefused: This installation serves real people.
        As ``register_institution``.
    """
    if not settings.DEMO:
        raise PermissionRefused
    institution = register_institution(details=details, actor=actor)
    Institution.objects.filter(public_id=institution).update(is_sandbox=True)
    approve(institution=institution, actor=actor, reason="")
    return institution


@transaction.atomic
def approve(*, institution: str, hospital_id: str = "", actor: Actor, reason: str) -> None:
    """Open an institution for business.

    Args:
        hospital_id: Its number in the Tencent-compatible dialect, if it has none yet.

    Raises:
        InstitutionStateConflict: It was decided upon before.
        InstitutionCodeTaken: The hospital number belongs to another.
    """
    row = _move(institution, InstitutionState.APPLIED, InstitutionState.APPROVED, actor)
    if hospital_id:
        _give_hospital_id(row, hospital_id)
    _record_move(Action.INSTITUTION_APPROVED, row, actor, reason)
    events.publish(InstitutionApproved(institution=row.public_id))


@transaction.atomic
def suspend(*, institution: str, actor: Actor, reason: str) -> None:
    """Shut an institution out: from the commit on its clients are refused and its staff are out.

    Raises:
        InstitutionStateConflict: It is not approved.
    """
    row = _move(institution, InstitutionState.APPROVED, InstitutionState.SUSPENDED, actor)
    gateway.hold_clients(institution=row.public_id, is_held=True, actor=actor, reason=reason)
    _record_move(Action.INSTITUTION_SUSPENDED, row, actor, reason)
    events.publish(InstitutionSuspended(institution=row.public_id))


@transaction.atomic
def resume(*, institution: str, actor: Actor, reason: str) -> None:
    """Let a suspended institution in again; clients suspended by themselves stay so.

    Raises:
        InstitutionStateConflict: It is not suspended.
    """
    row = _move(institution, InstitutionState.SUSPENDED, InstitutionState.APPROVED, actor)
    gateway.hold_clients(institution=row.public_id, is_held=False, actor=actor, reason=reason)
    _record_move(Action.INSTITUTION_RESUMED, row, actor, reason)
    events.publish(InstitutionResumed(institution=row.public_id))


@transaction.atomic
def create_client(
    *, institution: str, name: str, scopes: Iterable[str], environment: str, actor: Actor, reason: str = ""
) -> str:
    """Create an API client for an approved institution; returns its public id.

    Raises:
        InstitutionNotApproved: The institution is not open for business.
        UnknownScopes, ClientNameTaken: As ``gateway.services.create_client``.
    """
    require(actor, Duty.MANAGE_CLIENTS)
    # Locked, so that a suspension at the same moment sees the client or is seen.
    row = selectors.visible(actor).select_for_update(of=("self",)).filter(public_id=institution).first()
    if row is None:
        raise NotFound
    if row.state != InstitutionState.APPROVED:
        raise errors.InstitutionNotApproved
    return gateway.create_client(
        institution=institution, name=name, scopes=scopes, environment=environment, actor=actor, reason=reason
    )


@transaction.atomic
def add_terminal(
    *,
    institution: str,
    terminal_id: str,
    name: str,
    kind: str,
    place: str = "",
    department: str = "",
    filing_number: str = "",
    actor: Actor,
    reason: str = "",
) -> str:
    """Add a terminal to an institution; returns its public id.

    Raises:
        TerminalTaken: The institution has one of this number.
    """
    require(actor, Duty.MANAGE_TERMINALS)
    row = _institution(institution, actor)
    if kind not in TerminalKind.values:
        raise InvalidInput(field="kind")
    try:
        with transaction.atomic():
            terminal = Terminal.objects.create(
                institution=row,
                terminal_id=terminal_id,
                name=name,
                kind=kind,
                place=place,
                department=department,
                filing_number=filing_number,
            )
    except IntegrityError as exc:
        raise errors.TerminalTaken(field="terminal_id") from exc
    audit.record(
        Action.TERMINAL_CREATED,
        actor=actor,
        subject=terminal,
        institution=row.public_id,
        reason=reason,
        details={"kind": kind},
    )
    return terminal.public_id


def disable_terminal(*, terminal: str, actor: Actor, reason: str) -> None:
    """Stop a terminal from reading codes.

    Raises:
        TerminalStateConflict: It is disabled already.
    """
    _switch_terminal(terminal, TerminalState.ACTIVE, TerminalState.DISABLED, actor, reason)


def enable_terminal(*, terminal: str, actor: Actor, reason: str) -> None:
    """Let a terminal read codes again.

    Raises:
        TerminalStateConflict: It is in use already.
    """
    _switch_terminal(terminal, TerminalState.DISABLED, TerminalState.ACTIVE, actor, reason)


@transaction.atomic
def grant_membership(
    *, account: str, role: str, institution: str = "", actor: Actor, reason: str = ""
) -> str:
    """Give a staff account its task; returns the membership's public id.

    Raises:
        RoleMisplaced: A role of the centre with an institution, or another without.
        StaffAccountNeeded: The account is a resident's, or there is none.
        MembershipExists: The account has a task; one at a time.
    """
    require(actor, Duty.MANAGE_STAFF)
    if role not in Role.values:
        raise InvalidInput(field="role")
    if (role in rules.CENTRE_ROLES) == bool(institution):
        raise errors.RoleMisplaced(field="institution")
    person = accounts.account_by_public_id(account)
    if person is None or not person.is_staff:
        raise errors.StaffAccountNeeded(field="account")
    place = _institution(institution, actor) if institution else None
    try:
        with transaction.atomic():
            membership = StaffMembership.objects.create(account_id=person.pk, institution=place, role=role)
    except IntegrityError as exc:
        raise errors.MembershipExists(field="account") from exc
    audit.record(
        Action.STAFF_MEMBERSHIP_GRANTED,
        actor=actor,
        subject=membership,
        institution=institution,
        reason=reason,
        details={"role": role, "reference": account},
    )
    return membership.public_id


@transaction.atomic
def end_membership(*, membership: str, actor: Actor, reason: str) -> None:
    """Take a task away; the account may sign in and sees nothing any more.

    Raises:
        MembershipEnded: It ended before.
        LastAdministrator: Nobody would be left to administer the centre.
    """
    require(actor, Duty.MANAGE_STAFF)
    row = selectors.visible_staff(actor).filter(public_id=membership).first()
    if row is None:
        raise NotFound
    if row.role == Role.CENTRE_ADMIN:
        _keep_an_administrator(row)
    ended = StaffMembership.objects.filter(pk=row.pk, is_active=True).update(
        is_active=False, ended_at=clock.now()
    )
    if not ended:
        raise errors.MembershipEnded
    audit.record(
        Action.STAFF_MEMBERSHIP_ENDED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id if row.institution else "",
        reason=reason,
        details={"role": row.role},
    )


def require(actor: Actor, duty: Duty) -> None:
    """Refuse an actor whose role does not include a duty.

    Raises:
        PermissionRefused: If it does not.
    """
    if not rules.may(actor, duty):
        raise PermissionRefused


def require_of_staff(actor: Actor, duty: Duty) -> None:
    """As ``require`` where others than staff act too.

    Residents have proved whom they hold, and clients what their scopes allow, before they came here.

    Raises:
        PermissionRefused: If a member of staff has not the duty.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, duty)


def _keep_an_administrator(leaving: StaffMembership) -> None:
    # Two administrators who end each other's task at once would both see the other; the lock
    # lets the second see that it is alone.
    others = StaffMembership.objects.select_for_update().filter(role=Role.CENTRE_ADMIN, is_active=True)
    if not any(row.pk != leaving.pk for row in others.order_by("pk")):
        raise errors.LastAdministrator


def _institution(public_id: str, actor: Actor) -> Institution:
    row = selectors.visible(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _move(public_id: str, old: InstitutionState, new: InstitutionState, actor: Actor) -> Institution:
    require(actor, Duty.MANAGE_INSTITUTIONS)
    row = _institution(public_id, actor)
    moved = rules.may_become(old, new) and Institution.objects.filter(pk=row.pk, state=old).update(
        state=new, updated_at=clock.now()
    )
    if not moved:
        raise errors.InstitutionStateConflict
    return row


def _record_move(action: Action, row: Institution, actor: Actor, reason: str) -> None:
    audit.record(action, actor=actor, subject=row, institution=row.public_id, reason=reason)


def _give_hospital_id(row: Institution, hospital_id: str) -> None:
    if not rules.is_hospital_id(hospital_id):
        raise InvalidInput(field="hospital_id")
    try:
        with transaction.atomic():
            given = Institution.objects.filter(pk=row.pk, hospital_id=None).update(hospital_id=hospital_id)
    except IntegrityError as exc:
        raise errors.InstitutionCodeTaken(field="hospital_id") from exc
    # The number is on the wire of the hospital's systems and never changes once it is given.
    if not given and row.hospital_id != hospital_id:
        raise errors.InstitutionStateConflict(field="hospital_id")


@transaction.atomic
def _switch_terminal(
    public_id: str, old: TerminalState, new: TerminalState, actor: Actor, reason: str
) -> None:
    require(actor, Duty.MANAGE_TERMINALS)
    row = selectors.visible_terminals(actor).select_related("institution").filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    # A terminal that is switched off is signed out: whoever has its token has to be let in anew.
    ended = {"session_digest": "", "activation_digest": "", "session_until": None, "activation_until": None}
    if not Terminal.objects.filter(pk=row.pk, state=old).update(state=new, updated_at=clock.now(), **ended):
        raise errors.TerminalStateConflict
    selectors.forget_terminals()
    gateway.note_change()
    audit.record(
        Action.TERMINAL_DISABLED if new == TerminalState.DISABLED else Action.TERMINAL_ENABLED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
    )
