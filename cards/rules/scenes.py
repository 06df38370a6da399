"""Steps of care (用卡环节): national codes of six digits, and the refinement to seven."""

import re
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SceneGroup(StrEnum):
    """What a step of care is about, as far as a code's powers depend on it."""

    REGISTRATION = "registration"
    PAYMENT = "payment"
    RECORDS = "records"
    CARE = "care"


_SHAPE = re.compile(r"[0-9]{6,7}")
_REPORTS = ("0101081", "0101082")

# Six digits: the data dictionary of the guide; seven: the refinement of the WeChat platform.
SCENES: dict[str, tuple[str | Promise, SceneGroup]] = {
    "010101": (_("挂号"), SceneGroup.REGISTRATION),
    "0101011": (_("预约挂号"), SceneGroup.REGISTRATION),
    "0101012": (_("当日挂号"), SceneGroup.REGISTRATION),
    "0101013": (_("挂号记录"), SceneGroup.RECORDS),
    "0101014": (_("预约导诊"), SceneGroup.REGISTRATION),
    "010102": (_("诊断"), SceneGroup.CARE),
    "0101021": (_("排队候诊"), SceneGroup.CARE),
    "010103": (_("取药"), SceneGroup.CARE),
    "010104": (_("检查"), SceneGroup.CARE),
    "010105": (_("收费"), SceneGroup.PAYMENT),
    "0101051": (_("门诊待缴费"), SceneGroup.PAYMENT),
    "0101052": (_("门诊缴费记录"), SceneGroup.RECORDS),
    "0101053": (_("住院预缴"), SceneGroup.PAYMENT),
    "0101054": (_("住院缴费记录"), SceneGroup.RECORDS),
    "010106": (_("开方"), SceneGroup.CARE),
    "010107": (_("手术"), SceneGroup.CARE),
    "0101081": (_("检查报告"), SceneGroup.RECORDS),
    "0101082": (_("检验报告"), SceneGroup.RECORDS),
    "0101083": (_("体检报告"), SceneGroup.RECORDS),
    "010109": (_("住院"), SceneGroup.CARE),
    "000000": (_("其他"), SceneGroup.CARE),
}


def is_scene(code: str) -> bool:
    """Whether the text has the shape of a scene code; codes that we do not know are recorded too."""
    return _SHAPE.fullmatch(code) is not None


def scene_group(code: str) -> SceneGroup:
    """The group of a scene; of one that we do not know, that of its national code, else care."""
    known = SCENES.get(code) or SCENES.get(code[:6])
    return known[1] if known else SceneGroup.CARE


def scene_name(code: str, *, reports_swapped: bool = False) -> str:
    """The name that a resident reads.

    Published sources disagree about which of 0101081 and 0101082 is the examination and which
    the laboratory report; ``reports_swapped`` comes from the centre's rules.
    """
    if reports_swapped and code in _REPORTS:
        code = _REPORTS[1 - _REPORTS.index(code)]
    known = SCENES.get(code) or SCENES.get(code[:6]) or SCENES["000000"]
    return str(known[0])
