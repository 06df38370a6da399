"""A verified code, and what of it the caller may read."""

from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from cards.models import Card, CardNumber
from cards.rules.policy import CodeKind, Opens, reads_full
from cards.verification.claim import Found
from foundation.core.text import mask_name, mask_number, mask_phone
from gmcrypto.fields import Sealed


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified code.

    Attributes:
        card_id: The 电子健康卡ID.
        opens: What the policy lets the institution do with it.
        is_replayed: Whether this is the stored answer of an earlier request.
        found: The rows behind it, the protected values still sealed.
    """

    card_id: str = field(repr=False)
    code_kind: CodeKind
    opens: Opens
    scene: str
    is_replayed: bool
    found: Found

    @property
    def usage_id(self) -> str:
        """Public id of the record of use."""
        return self.found.usage_id

    @property
    def at(self) -> datetime:
        """When the use was recorded."""
        return self.found.at

    def face(self) -> dict[str, Any]:
        """The holder's particulars in full, as ``cards.services.issue.face_of`` wrote them."""
        opened: dict[str, Any] = _open(Card, "face", self.found.card_public_id, self.found.face)
        return opened

    def main_index(self) -> str:
        """The 主索引ID from which the card ID was derived."""
        found = self.found
        opened: str = _open(CardNumber, "main_index", found.number_public_id, found.main_index)
        return opened


def answer(verified: Verified, scopes: frozenset[str]) -> dict[str, Any]:
    """The answer to a caller: masked, unless its scopes say otherwise.

    What a mask would leave nothing of (nation, birthday, address, the main index) is null.
    """
    face = verified.face()
    full = reads_full(scopes)
    return {
        "usage_id": verified.usage_id,
        "verified_at": verified.at.isoformat(timespec="milliseconds"),
        "code_kind": verified.code_kind.value,
        "document_required": verified.opens is Opens.PERSON_WITH_DOCUMENT,
        "replayed": verified.is_replayed,
        "masked": not full,
        "health_card_id": verified.card_id,
        "main_index": verified.main_index() if full else None,
        "person": person_of(face, full=full),
    }


def person_of(face: dict[str, Any], *, full: bool) -> dict[str, Any]:
    """The person as an institution reads it."""
    if full:
        return {name: face[name] or None for name in _PERSON}
    return {
        "name": mask_name(face["name"]),
        "id_type": face["id_type"],
        "id_number": mask_number(face["id_number"]),
        "gender": face["gender"],
        "nation": None,
        "birthday": None,
        "phone": mask_phone(face["phone"]) or None,
        "address": None,
    }


_PERSON = ("name", "id_type", "id_number", "gender", "nation", "birthday", "phone", "address")


def _open(model: Any, name: str, public_id: str, blob: bytes) -> Any:
    # A model's instance would cost more than the decryption; the field needs only the row's id.
    field = model._meta.get_field(name)
    place = field.context(SimpleNamespace(public_id=public_id))
    return field.decode(Sealed(blob).open(place))
