"""Reading and writing HL7 v2 messages in their pipe form (ER7).

A message is segments, a segment fields, a field repetitions, a repetition components; each is read
by its number as the standard counts, and what is not there is empty. Nothing is known here of what
a field means.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from foundation.core import clock

_START, _END = "\x0b", "\x1c"
_BREAKS = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?([+-]\d{4})?")
# MSH-18, table 0211: the names that Chinese systems write.
_CHARSETS = {"GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "ASCII": "ascii"}
MOST_SEGMENTS = 2_000


class NotHl7(Exception):
    """The text is no message: nobody can be told of it in its own form."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters by which a message parts its values, from MSH-1 and MSH-2."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    def plain(self, text: str) -> str:
        """A value without its escapes; one that is none of the standard's is left as it is."""
        if self.escape not in text:
            return text
        known = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            ".br": "\n",
        }
        mark = re.escape(self.escape)
        return re.sub(f"{mark}([^{mark}]{{1,20}}){mark}", lambda found: known.get(found[1], found[0]), text)


STANDARD = Marks("|", "^", "~", "\\", "&")


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message; fields are counted from 1 as in the standard, MSH-1 being the separator."""

    name: str
    fields: Sequence[str]
    marks: Marks

    def raw(self, number: int) -> str:
        """A whole field as it was sent."""
        return self.fields[number - 1] if number <= len(self.fields) else ""

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of a field, as they were sent; none of an empty one."""
        return self.raw(number).split(self.marks.repetition) if self.raw(number) else []

    def text(self, number: int, component: int = 1, *, of: str | None = None) -> str:
        """A component of a field's first repetition, or of the one given."""
        whole = self.raw(number).split(self.marks.repetition)[0] if of is None else of
        parts = whole.split(self.marks.component)
        found = parts[component - 1] if component <= len(parts) else ""
        return self.marks.plain(found.split(self.marks.subcomponent)[0]).strip()


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """A whole message."""

    segments: Sequence[Segment]

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def groups(self, name: str) -> Iterator[list[Segment]]:
        """Each segment of a name with those that follow it, up to the next one."""
        found: list[Segment] = []
        for segment in self.segments:
            if segment.name == name:
                if found:
                    yield found
                found = [segment]
            elif found:
                found.append(segment)
        if found:
            yield found


def parse(body: bytes) -> Hl7Message:
    """Read one message.

    Raises:
        NotHl7: If it does not begin with MSH, or is not of the charset that it names.
    """
    text = _decoded(body.strip(b"\x0b\x1c\r\n "))
    lines = [line for line in _BREAKS.split(text) if line.strip()]
    if not lines or not lines[0].startswith("MSH") or len(lines[0]) < 9 or len(lines) > MOST_SEGMENTS:
        raise NotHl7
    marks = Marks(lines[0][3], *lines[0][4:8])
    if len(set(lines[0][3:8])) != 5:
        raise NotHl7
    return Hl7Message([_segment(line, marks) for line in lines])


def _segment(line: str, marks: Marks) -> Segment:
    name, *fields = line.split(marks.field)
    if not _NAME.fullmatch(name):
        raise NotHl7
    # The separator itself is MSH-1.
    return Segment(name, [marks.field, *fields] if name == "MSH" else fields, marks)


def _decoded(body: bytes) -> str:
    header = body.split(b"\r", 1)[0].split(b"\n", 1)[0].decode("latin-1")
    parts = header.split(header[3]) if len(header) > 3 else []
    charset = _CHARSETS.get(parts[17].split("~")[0].strip() if len(parts) > 17 else "", "utf-8")
    try:
        return body.decode(charset)
    except UnicodeDecodeError as exc:
        raise NotHl7 from exc


def moment_of(text: str) -> datetime | None:
    """A time of the standard (TS, DTM); Beijing's where it names no offset; none for what is no time."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    *numbers, fraction, offset = found.groups()
    zone = clock.BEIJING if offset is None else _zone(offset)
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return moment.replace(microsecond=int((fraction or "0").ljust(6, "0")))


def _zone(offset: str) -> timezone:
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    return timezone(-shift if offset[0] == "-" else shift)


def escaped(text: str) -> str:
    """A value with the standard's characters escaped, for a message that we write."""
    out = text.replace("\\", "\\E\\")
    for mark, name in (("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        out = out.replace(mark, f"\\{name}\\")
    return " ".join(out.split())
