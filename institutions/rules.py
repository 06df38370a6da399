"""Pure rules: code tables, check digit of the credit code, states, and who may do what."""

import re
from enum import StrEnum

from django.db.models import TextChoices

from foundation.core.actor import Actor, ActorKind


class InstitutionState(TextChoices):
    """Where an institution stands."""

    APPLIED = "applied", "待审核"
    APPROVED = "approved", "已开通"
    SUSPENDED = "suspended", "已停用"


class TerminalState(TextChoices):
    """Whether a terminal may read codes."""

    ACTIVE = "active", "使用中"
    DISABLED = "disabled", "已停用"


class TerminalKind(TextChoices):
    """Kinds of terminals (刷卡终端类型)."""

    WINDOW = "01", "人工窗口"
    SELF_SERVICE = "02", "自助终端"
    OTHER = "99", "其他"


class ClinicState(TextChoices):
    """Whether residents find a department or a doctor."""

    OPEN = "open", "开放"
    CLOSED = "closed", "停用"


class Title(TextChoices):
    """Titles of doctors (专业技术职务, GB/T 8561, the group of doctors)."""

    CHIEF = "11", "主任医师"
    DEPUTY_CHIEF = "12", "副主任医师"
    ATTENDING = "13", "主治医师"
    RESIDENT = "14", "医师"
    OTHER = "99", "其他"


class Role(TextChoices):
    """What a member of staff does."""

    CENTRE_ADMIN = "centre_admin", "卡管中心管理员"
    REVIEWER = "reviewer", "审核员"
    AUDITOR = "auditor", "审计员"
    INSTITUTION_ADMIN = "institution_admin", "机构管理员"
    WINDOW_CLERK = "window_clerk", "窗口工作人员"
    DOCTOR = "doctor", "医生"
    NURSE = "nurse", "分诊护士"
    PHARMACIST = "pharmacist", "药师"


CENTRE_ROLES = frozenset({Role.CENTRE_ADMIN.value, Role.REVIEWER.value, Role.AUDITOR.value})


class Duty(StrEnum):
    """Something that only some roles do."""

    MANAGE_INSTITUTIONS = "manage_institutions"
    MANAGE_TERMINALS = "manage_terminals"
    MANAGE_CLIENTS = "manage_clients"
    MANAGE_KEYS = "manage_keys"
    MANAGE_STAFF = "manage_staff"
    INVITE_STAFF = "invite_staff"
    REQUEST_CLIENTS = "request_clients"
    STOP_CLIENTS = "stop_clients"
    MANAGE_MERCHANTS = "manage_merchants"
    REQUEST_MERCHANTS = "request_merchants"
    SEE_MERCHANTS = "see_merchants"
    REVIEW_APPLICATIONS = "review_applications"
    MANAGE_CARDS = "manage_cards"
    CHANGE_CENTRE_RULES = "change_centre_rules"
    READ_PERSONS = "read_persons"
    READ_USAGE = "read_usage"
    READ_AUDIT = "read_audit"
    MANAGE_NODES = "manage_nodes"
    WORK_AT_WINDOW = "work_at_window"
    MANAGE_BATCHES = "manage_batches"
    COMPLETE_UNNAMED = "complete_unnamed"
    MANAGE_CLINICS = "manage_clinics"
    MANAGE_SCHEDULES = "manage_schedules"
    SEE_BOOKINGS = "see_bookings"
    BOOK_FOR_RESIDENTS = "book_for_residents"
    CALL_QUEUE = "call_queue"
    TAKE_CASH = "take_cash"
    SEE_BILLS = "see_bills"
    REFUND = "refund"
    MANAGE_CHANNELS = "manage_channels"
    SEE_CHANNELS = "see_channels"
    CLEAR_SUSPENSE = "clear_suspense"
    SEE_RECONCILIATION = "see_reconciliation"
    RECONCILE = "reconcile"
    APPROVE_ADJUSTMENTS = "approve_adjustments"
    READ_RECORDS = "read_records"
    SEE_REPORTS = "see_reports"
    OPEN_EMERGENCY = "open_emergency"
    REVIEW_EMERGENCY = "review_emergency"
    HAND_OUT_MEDICINE = "hand_out_medicine"
    MANAGE_TEMPLATES = "manage_templates"
    SEE_MESSAGES = "see_messages"
    MANAGE_EXCHANGE = "manage_exchange"
    SEE_EXCHANGE = "see_exchange"


DUTIES: dict[Duty, frozenset[str]] = {
    Duty.MANAGE_INSTITUTIONS: frozenset({Role.CENTRE_ADMIN}),
    Duty.MANAGE_TERMINALS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.MANAGE_CLIENTS: frozenset({Role.CENTRE_ADMIN}),
    Duty.MANAGE_KEYS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.MANAGE_STAFF: frozenset({Role.CENTRE_ADMIN}),
    Duty.INVITE_STAFF: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.REQUEST_CLIENTS: frozenset({Role.INSTITUTION_ADMIN}),
    Duty.STOP_CLIENTS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.MANAGE_MERCHANTS: frozenset({Role.CENTRE_ADMIN}),
    Duty.REQUEST_MERCHANTS: frozenset({Role.INSTITUTION_ADMIN}),
    Duty.SEE_MERCHANTS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.REVIEW_APPLICATIONS: frozenset({Role.CENTRE_ADMIN, Role.REVIEWER}),
    Duty.MANAGE_CARDS: frozenset({Role.CENTRE_ADMIN}),
    Duty.CHANGE_CENTRE_RULES: frozenset({Role.CENTRE_ADMIN}),
    Duty.READ_PERSONS: frozenset({Role.CENTRE_ADMIN, Role.REVIEWER}),
    Duty.READ_USAGE: frozenset({Role.CENTRE_ADMIN, Role.AUDITOR, Role.INSTITUTION_ADMIN}),
    Duty.MANAGE_NODES: frozenset({Role.CENTRE_ADMIN}),
    Duty.READ_AUDIT: frozenset({Role.CENTRE_ADMIN, Role.AUDITOR, Role.INSTITUTION_ADMIN}),
    Duty.WORK_AT_WINDOW: frozenset({Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    Duty.MANAGE_BATCHES: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.COMPLETE_UNNAMED: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    # The care journey. Whoever treats reads records, and nobody at a desk of the centre does.
    Duty.MANAGE_CLINICS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.MANAGE_SCHEDULES: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.SEE_BOOKINGS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK, Role.NURSE}),
    Duty.BOOK_FOR_RESIDENTS: frozenset({Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    Duty.CALL_QUEUE: frozenset({Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK, Role.NURSE, Role.DOCTOR}),
    Duty.TAKE_CASH: frozenset({Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    Duty.SEE_BILLS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    Duty.REFUND: frozenset({Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK}),
    Duty.MANAGE_CHANNELS: frozenset({Role.CENTRE_ADMIN}),
    Duty.SEE_CHANNELS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.AUDITOR}),
    Duty.CLEAR_SUSPENSE: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.SEE_RECONCILIATION: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.AUDITOR}),
    Duty.RECONCILE: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    # Whoever proposed it is not the one who approves it, whatever the role.
    Duty.APPROVE_ADJUSTMENTS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.READ_RECORDS: frozenset({Role.DOCTOR}),
    Duty.SEE_REPORTS: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.OPEN_EMERGENCY: frozenset({Role.DOCTOR, Role.NURSE}),
    Duty.REVIEW_EMERGENCY: frozenset({Role.CENTRE_ADMIN, Role.AUDITOR, Role.INSTITUTION_ADMIN}),
    Duty.HAND_OUT_MEDICINE: frozenset({Role.INSTITUTION_ADMIN, Role.PHARMACIST}),
    Duty.MANAGE_TEMPLATES: frozenset({Role.CENTRE_ADMIN}),
    Duty.SEE_MESSAGES: frozenset({Role.CENTRE_ADMIN, Role.AUDITOR}),
    Duty.MANAGE_EXCHANGE: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN}),
    Duty.SEE_EXCHANGE: frozenset({Role.CENTRE_ADMIN, Role.INSTITUTION_ADMIN, Role.AUDITOR}),
}


def may(actor: Actor, duty: Duty) -> bool:
    """Whether the actor's role includes a duty; the product itself may do everything."""
    if actor.kind is ActorKind.SYSTEM:
        return True
    return actor.kind is ActorKind.STAFF and not actor.scopes.isdisjoint(DUTIES[duty])


# 医院级别: level, then grade (section "Institutions" of the card-centre code tables).
LEVELS: dict[str, str] = {
    "10": "一级",
    "12": "一级甲等",
    "13": "一级乙等",
    "14": "一级丙等",
    "19": "一级未定等",
    "20": "二级",
    "22": "二级甲等",
    "23": "二级乙等",
    "24": "二级丙等",
    "29": "二级未定等",
    "30": "三级特等",
    "32": "三级甲等",
    "33": "三级乙等",
    "34": "三级丙等",
    "39": "三级未定等",
    "99": "未定级",
}

# 机构类别 (WS 218), the groups that take part.
CATEGORIES: dict[str, str] = {
    "A100": "综合医院",
    "A210": "中医医院",
    "A300": "专科医院",
    "B100": "社区卫生服务中心",
    "B200": "社区卫生服务站",
    "C100": "街道卫生院",
    "C210": "中心卫生院",
    "C220": "乡卫生院",
    "D100": "门诊部",
    "D200": "诊所",
    "D600": "村卫生室",
    "E100": "急救中心",
    "F100": "血站",
    "G100": "妇幼保健院",
}

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def uscc_check_character(first_17: str) -> str:
    """The last character of a unified social credit code (GB 32100): weights 3^i mod 31."""
    total = sum(
        _USCC_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(first_17)
    )
    return _USCC_ALPHABET[-total % 31]


def is_uscc(code: str) -> bool:
    """Whether the text is a well-formed credit code with the right check character."""
    return bool(_USCC_SHAPE.fullmatch(code)) and uscc_check_character(code[:17]) == code[17]


def is_region_code(code: str) -> bool:
    """Whether the text has the six digits of GB/T 2260."""
    return bool(re.fullmatch(r"[1-9][0-9]{5}", code))


def is_hospital_id(text: str) -> bool:
    """Whether the text has the five digits of the Tencent-compatible dialect."""
    return bool(re.fullmatch(r"[0-9]{5}", text))


def wrong_code(level: str, category: str, hospital_id: str) -> str:
    """The name of the first field whose code is not of its table; empty if all are."""
    if level not in LEVELS:
        return "level"
    if category not in CATEGORIES:
        return "category"
    return "hospital_id" if hospital_id and not is_hospital_id(hospital_id) else ""


# An institution is examined once; afterwards it goes back and forth between the two.
TRANSITIONS: dict[InstitutionState, frozenset[InstitutionState]] = {
    InstitutionState.APPLIED: frozenset({InstitutionState.APPROVED}),
    InstitutionState.APPROVED: frozenset({InstitutionState.SUSPENDED}),
    InstitutionState.SUSPENDED: frozenset({InstitutionState.APPROVED}),
}


def may_become(old: InstitutionState, new: InstitutionState) -> bool:
    """Whether the table knows this step."""
    return new in TRANSITIONS[old]
