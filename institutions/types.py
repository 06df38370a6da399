"""What other rooms get to see of this one."""

from dataclasses import dataclass
from datetime import datetime

from institutions.rules import InstitutionState, TerminalState


@dataclass(frozen=True, slots=True)
class InstitutionRef:
    """An institution."""

    public_id: str
    code: str
    name: str
    short_name: str
    region: str
    hospital_id: str
    state: str

    @property
    def is_approved(self) -> bool:
        """Whether it takes part at present."""
        return self.state == InstitutionState.APPROVED


@dataclass(frozen=True, slots=True)
class TerminalRef:
    """A terminal; ``kind`` is a code of the terminal table.

    Attributes:
        client: Public id of the only client that may name it; empty for any of the institution.
        must_sign_in: Whether a call that names it must carry the token of its session.
    """

    public_id: str
    institution: str
    terminal_id: str
    name: str
    kind: str
    place: str
    state: str
    client: str = ""
    must_sign_in: bool = False
    session_digest: str = ""
    session_until: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it may read codes."""
        return self.state == TerminalState.ACTIVE


@dataclass(frozen=True, slots=True)
class DepartmentRef:
    """A department; ``code`` is the hospital's own."""

    pk: int
    public_id: str
    institution: str
    code: str
    name: str
    place: str
    intro: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class DoctorRef:
    """A doctor; ``code`` is the hospital's own staff number, ``title`` is in words.

    Attributes:
        account: Public id of the staff account with which the doctor works here, or empty.
    """

    pk: int
    public_id: str
    institution: str
    department: str
    code: str
    name: str
    title: str
    skills: str
    intro: str
    is_open: bool
    account: str = ""


@dataclass(frozen=True, slots=True)
class DepartmentDetails:
    """What a hospital says of a department; ``parent`` is the code of the one above."""

    code: str
    name: str
    parent: str = ""
    place: str = ""
    intro: str = ""
    position: int = 100
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class DoctorDetails:
    """What a hospital says of a doctor; ``department`` is a code, ``title`` a code of ``rules.Title``."""

    code: str
    name: str
    department: str
    title: str = "99"
    skills: str = ""
    intro: str = ""
    position: int = 100
    is_open: bool = True
    account: str = ""


@dataclass(frozen=True, slots=True)
class InstitutionDetails:
    """What is known of an institution when it is registered.

    Attributes:
        region: Division code of six digits.
        level, category: Codes of ``rules.LEVELS`` and ``rules.CATEGORIES``.
        uscc: Unified social credit code.
        hospital_id: Five digits for the Tencent-compatible dialect; may be given at approval.
    """

    code: str
    name: str
    short_name: str
    region: str
    level: str
    category: str
    uscc: str
    hospital_id: str = ""
    contact_name: str = ""
    contact_phone: str = ""
