"""What an uploaded file really is: its first and last bytes decide, never its name.

A file is kept as it came and never shown inside a page of ours; it is handed out as a download
that a browser neither guesses at nor runs. What a PDF could run by itself is refused all the
same, because staff open these files on their desks. Packed parts of a PDF are not unpacked.
"""

import re
from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest

from foundation.core.errors import DomainError
from onboarding.errors import FileActive, FileEmpty, FileTooLarge, FileUnknown

MAX_BYTES = 5 * 1024 * 1024
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}

_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b")
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


def media_type_of(content: bytes) -> str:
    """The kind of a PDF, JPEG or PNG.

    Raises:
        FileEmpty, FileTooLarge, FileUnknown: As they say.
        FileActive: A PDF that would run something when it is opened.
    """
    if not content:
        raise FileEmpty(field="file")
    if len(content) > MAX_BYTES:
        raise FileTooLarge(field="file")
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]:
        if _ACTIVE.search(content):
            raise FileActive(field="file")
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return "image/jpeg"
    if content.startswith(_PNG_START) and content[12:16] == b"IHDR" and content.endswith(_PNG_END):
        return "image/png"
    raise FileUnknown(field="file")


class InMemory(MemoryFileUploadHandler):
    """Keeps an upload in memory and ends it above the limit: nothing is written to a disk in plain."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take every file, whatever the setting for large ones says."""
        self.activated = True
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take a piece, or hang up."""
        self.seen += len(raw_data)
        if self.seen > MAX_BYTES + 1:
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)


def why_nothing_came(request: HttpRequest) -> DomainError:
    """Why a request brings no file: there was none, or it was cut off above the limit."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    too_large = length.isascii() and length.isdigit() and int(length) > MAX_BYTES
    return FileTooLarge(field="file") if too_large else FileEmpty(field="file")


def keep_in_memory(request: HttpRequest) -> None:
    """Let this request's files pass through memory alone; before anybody reads its form."""
    request.upload_handlers = [InMemory(request)]
