"""What a code opens, and the names of the steps of care."""

import pytest

from cards.rules.policy import CodeKind, Opens, opens, reads_full
from cards.rules.scenes import SCENES, SceneGroup, is_scene, scene_group, scene_name

EVERY_SCENE = frozenset(SCENES)


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_a_dynamic_code_opens_every_step(scene: str) -> None:
    assert opens(CodeKind.DYNAMIC, scene, static_scenes=()) is Opens.PERSON


@pytest.mark.parametrize(
    "scene",
    [code for code, (_, group) in SCENES.items() if group in {SceneGroup.PAYMENT, SceneGroup.RECORDS}],
)
def test_a_static_code_never_opens_payment_or_records(scene: str) -> None:
    assert opens(CodeKind.STATIC, scene, static_scenes=EVERY_SCENE) is Opens.NOTHING


def test_a_static_code_opens_registration_with_a_document_shown() -> None:
    assert opens(CodeKind.STATIC, "0101012", static_scenes={"010101"}) is Opens.PERSON_WITH_DOCUMENT


def test_a_static_code_opens_nothing_that_the_centre_did_not_allow() -> None:
    assert opens(CodeKind.STATIC, "010104", static_scenes={"010101"}) is Opens.NOTHING


def test_only_the_full_scope_reads_in_full() -> None:
    assert reads_full({"card:read_full"})
    assert not reads_full({"card:read", "code:verify"})


@pytest.mark.parametrize(
    ("code", "good"), [("010101", True), ("0101011", True), ("0101", False), ("01010A", False)]
)
def test_scenes_have_six_or_seven_digits(code: str, good: bool) -> None:
    assert is_scene(code) is good


def test_an_unknown_refinement_belongs_to_its_national_scene() -> None:
    assert scene_group("0101059") is SceneGroup.PAYMENT
    assert scene_name("0101059") == "收费"
    assert scene_name("999999") == "其他"


def test_the_centre_says_which_report_is_which() -> None:
    assert scene_name("0101081") == "检查报告"
    assert scene_name("0101081", reports_swapped=True) == "检验报告"
    assert scene_name("0101082", reports_swapped=True) == "检查报告"
