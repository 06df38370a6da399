"""What a code opens.

A static code is an identifier: whoever has seen it once can show it again. So it opens what
a document is shown for anyway, and never records or payment. A dynamic code is proof that
the card is at hand.
"""

from collections.abc import Collection
from enum import StrEnum

from cards.rules.scenes import SceneGroup, scene_group

FULL_SCOPE = "card:read_full"


class CodeKind(StrEnum):
    """What was shown."""

    DYNAMIC = "dynamic"
    STATIC = "static"
    TEMPORARY = "temp"
    NONE = "none"


class Opens(StrEnum):
    """What a verified code gives the institution."""

    NOTHING = "nothing"
    PERSON_WITH_DOCUMENT = "person_with_document"
    PERSON = "person"


TABLE: dict[tuple[CodeKind, SceneGroup], Opens] = {
    (CodeKind.DYNAMIC, SceneGroup.REGISTRATION): Opens.PERSON,
    (CodeKind.DYNAMIC, SceneGroup.CARE): Opens.PERSON,
    (CodeKind.DYNAMIC, SceneGroup.PAYMENT): Opens.PERSON,
    (CodeKind.DYNAMIC, SceneGroup.RECORDS): Opens.PERSON,
    (CodeKind.STATIC, SceneGroup.REGISTRATION): Opens.PERSON_WITH_DOCUMENT,
    (CodeKind.STATIC, SceneGroup.CARE): Opens.PERSON_WITH_DOCUMENT,
    (CodeKind.STATIC, SceneGroup.PAYMENT): Opens.NOTHING,
    (CodeKind.STATIC, SceneGroup.RECORDS): Opens.NOTHING,
}


def opens(kind: CodeKind, scene: str, *, static_scenes: Collection[str]) -> Opens:
    """What a code of this kind opens in this step of care.

    ``static_scenes`` are the scenes for which the centre accepts static codes at all; the
    centre can narrow the table with it, never widen it.
    """
    if kind is CodeKind.TEMPORARY:
        # A temporary card's code never changes either.
        kind = CodeKind.STATIC
    granted = TABLE.get((kind, scene_group(scene)), Opens.NOTHING)
    if kind is CodeKind.STATIC and scene not in static_scenes and scene[:6] not in static_scenes:
        return Opens.NOTHING
    return granted


def reads_full(scopes: Collection[str]) -> bool:
    """Whether a caller with these scopes reads a person unmasked."""
    return FULL_SCOPE in scopes
