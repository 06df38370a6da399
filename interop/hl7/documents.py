"""PDFs that come inside a message: observations of encapsulated data (OBX-2 ED)."""

import base64
from collections.abc import Sequence
from contextlib import suppress

import gmcrypto
from interop.hl7.parsing import Hl7Message, Segment

# Names of the type and the subtype of a PDF, OBX-5.2 and 5.3 (tables 0834 and 0291), as systems write them.
_TYPES = frozenset({"ap", "application", "application/pdf", ""})
_SUBTYPES = frozenset({"pdf", "application/pdf", "x-pdf"})
_PDF = b"%PDF-"


class UnreadableDocument(Exception):
    """Something calls itself a PDF and is none; ``where`` names the field."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(where)


def pdf_of(observed: Sequence[Segment]) -> bytes:
    """The PDF among the observations of a report, the first if there are several; empty without one.

    Other kinds of files are passed over.

    Raises:
        UnreadableDocument: It is not in Base64, or is no PDF.
    """
    for place, one in enumerate(observed, start=1):
        if one.text(2) == "ED" and _is_called_pdf(one):
            return _decoded(one, f"OBX[{place}]-5")
    return b""


def pdfs_of(message: Hl7Message) -> dict[str, bytes]:
    """The PDFs in a message, by the digests under which its events name them."""
    found = {}
    for group in message.groups("OBR"):
        # One that cannot be read belongs to a report that is not heard: the others were read before.
        with suppress(UnreadableDocument):
            content = pdf_of([segment for segment in group if segment.name == "OBX"])
            if content:
                found[digest_of(content)] = content
    return found


def digest_of(content: bytes) -> str:
    """How an event names a PDF."""
    return gmcrypto.sm3(content).hex()


def _is_called_pdf(one: Segment) -> bool:
    kind, subtype = one.text(5, 2).lower(), one.text(5, 3).lower()
    return subtype in _SUBTYPES and kind in _TYPES


def _decoded(one: Segment, where: str) -> bytes:
    # Some engines break the long line as text is broken.
    text = "".join(one.text(5, 5).split())
    try:
        if one.text(5, 4).lower() != "base64":
            raise UnreadableDocument(where)
        content = base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise UnreadableDocument(where) from exc
    if not content.startswith(_PDF):
        raise UnreadableDocument(where)
    return content
