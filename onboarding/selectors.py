"""Reading this room's rows, always scoped to who asks."""

from django.db.models import QuerySet

from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from institutions import rules
from institutions import selectors as institutions
from institutions.rules import InstitutionState, Role
from onboarding.models import ClientRequest, Document, Invitation, Joining, Merchant
from onboarding.rules import ANSWERS, JoiningState, MerchantState


def visible_joinings(actor: Actor) -> "QuerySet[Joining]":
    """Applications that were handed in: the centre's alone."""
    if not actor.is_centre:
        return Joining.objects.none()
    return (
        Joining.objects.select_related("institution")
        .filter(shredded_at=None)
        .exclude(state=JoiningState.DRAFT)
    )


def visible_invitations(actor: Actor) -> "QuerySet[Invitation]":
    """The invitations of the actor's institution; the centre's are all."""
    return institutions.scope(Invitation.objects.select_related("institution"), actor)


def visible_requests(actor: Actor) -> "QuerySet[ClientRequest]":
    """Requests for clients of the actor's institution; the centre sees all."""
    return institutions.scope(ClientRequest.objects.select_related("institution"), actor)


def visible_merchants(actor: Actor) -> "QuerySet[Merchant]":
    """Merchants of the actor's institution; the centre sees all."""
    return institutions.scope(Merchant.objects.select_related("institution").filter(shredded_at=None), actor)


def open_merchant(institution: str) -> str:
    """Public id of the newest open merchant of an institution in use; empty if there is none."""
    found = Merchant.objects.filter(
        institution__public_id=institution,
        institution__state=InstitutionState.APPROVED,
        state=MerchantState.OPENED,
    )
    return found.order_by("-pk").values_list("public_id", flat=True).first() or ""


def visible_documents(actor: Actor) -> "QuerySet[Document]":
    """Documents: the centre sees all that were handed in, an institution those of its merchants."""
    kept = Document.objects.filter(joining__shredded_at=None, merchant__shredded_at=None)
    if actor.is_centre:
        return kept.exclude(joining__state=JoiningState.DRAFT)
    return institutions.scope(kept, actor, path="merchant__institution__public_id")


def institution_pk(public_id: str, actor: Actor) -> int:
    """The database key of an institution that the actor may see.

    Raises:
        NotFound: If there is none.
    """
    found = institutions.visible(actor).filter(public_id=public_id).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return found


def joining_in_session(public_id: str) -> Joining | None:
    """The application that a session has proved to be its own."""
    return Joining.objects.select_related("institution").filter(public_id=public_id, shredded_at=None).first()


def answers_of(joining: Joining) -> dict[str, str]:
    """What has been answered so far, by field."""
    return {name: str(getattr(joining, name) or "") for names in ANSWERS.values() for name in names}


def current_documents(joining: Joining) -> dict[str, Document]:
    """The documents in force, by kind, without their contents."""
    rows = joining.documents.defer("content").filter(is_current=True)
    return {row.kind: row for row in rows}


def answers_in_words(joining: Joining) -> dict[str, str]:
    """The same as people read them: codes of tables by their names."""
    answers = answers_of(joining)
    regions = dict(institutions.region_choices())
    return {
        **answers,
        "region": regions.get(answers["region"], answers["region"]),
        "level": rules.LEVELS.get(answers["level"], answers["level"]),
        "category": rules.CATEGORIES.get(answers["category"], answers["category"]),
    }


def waits_for_administrator(joining: Joining) -> bool:
    """Whether the institution is open and nobody has made its administrator's account yet."""
    if joining.state != JoiningState.APPROVED or joining.institution is None:
        return False
    taken = Invitation.objects.filter(
        institution=joining.institution, role=Role.INSTITUTION_ADMIN, taken_at__isnull=False
    )
    return not taken.exists()


def same_credit_code(joining: Joining) -> int:
    """How many other applications that were handed in carry the same credit code."""
    others = Joining.objects.exclude(state=JoiningState.DRAFT).exclude(pk=joining.pk)
    return others.filter(uscc=joining.uscc).count()
