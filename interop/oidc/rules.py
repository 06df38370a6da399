"""What a relying party may ask for, and what each word opens."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OPENID = "openid"
PROFILE = "profile"
HEALTH_CARD = "health_card"
IDENTITY = "identity"
ASSURANCE = "assurance"


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing that a resident can agree to.

    Attributes:
        label: What the consent page calls it.
        claims: What the user-info answer carries for it.
    """

    label: str | Promise
    claims: tuple[str, ...]


SCOPES: dict[str, Scope] = {
    OPENID: Scope(_("确认您是同一位用户（不含个人信息）"), ("sub", "acr")),
    ASSURANCE: Scope(_("您的身份核实到哪一级、怎样核实、到什么时候有效"), ("assurance",)),
    PROFILE: Scope(_("姓名、性别、出生日期"), ("name", "gender", "birthdate")),
    HEALTH_CARD: Scope(_("电子健康卡号"), ("health_card_id",)),
    IDENTITY: Scope(_("证件类型和完整证件号码"), ("id_type", "id_number")),
}

# GB/T 2261.1 in the words of the standard claims of OpenID Connect; others are left out.
GENDERS = {"1": "male", "2": "female"}


def shown(scopes: list[str]) -> list[str | Promise]:
    """The words of the consent page, in the order of the table."""
    return [scope.label for name, scope in SCOPES.items() if name in scopes]


_LEVEL = "urn:ehc:level:"
LEVEL_WORDS = {
    1: _("姓名和证件号码相符"),
    2: _("本人已核实"),
    3: _("窗口当面核实"),
}


def assurance(level: int) -> str:
    """The ``acr`` of a sign-in: how sure it is that the holder is the person, 1 to 3."""
    return f"{_LEVEL}{level}"


def level_asked_for(acr_values: str) -> int:
    """The lowest of the levels that a relying party would take; 0 if it names none that there is."""
    return min((level for level in LEVEL_WORDS if assurance(level) in acr_values.split()), default=0)
