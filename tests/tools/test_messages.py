import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from tools import messages

_TEMPLATE = """{% load i18n %}<p>{% translate "出示" %}</p>
{% blocktranslate count number=cards trimmed %}
  有 {{ number }} 张卡
{% plural %}
  有 {{ number }} 张卡
{% endblocktranslate %}
{% include "button.html" with label=_("取消") %} {% translate "上午" context "time" %}
"""
_CODE = """from django.utils.translation import gettext_lazy as _
REASON = _("身份证号%(name)s"
           "对不上")
"""
_ENGLISH: dict[str, str | tuple[str, str]] = {
    "出示": "Show",
    "有 %(number)s 张卡": ("%(number)s card", "%(number)s cards"),
    "取消": "Cancel",
    "上午": "morning",
    "身份证号%(name)s对不上": "The number of %(name)s does not match",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "card.html").write_text(_TEMPLATE, "utf-8")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "errors.py").write_text(_CODE, "utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("_('只在测试里')", "utf-8")
    return tmp_path


def _translate(project: Path, **changed: str) -> None:
    path = project / "locale" / "en" / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="en")
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            message.string = changed.get(key) or _ENGLISH[key]
    with path.open("wb") as file:
        write_po(file, catalog)


def test_every_sentence_is_found_and_asked_for(project: Path) -> None:
    assert set(messages.update(project)) == set(_ENGLISH)
    assert len(messages.problems(project)) == len(_ENGLISH)


def test_a_complete_catalogue_has_no_problems_and_an_update_keeps_it(project: Path) -> None:
    messages.update(project)
    _translate(project)
    assert messages.problems(project) == []
    assert messages.update(project) == []
    assert messages.problems(project) == []


def test_english_without_a_placeholder_of_the_chinese_is_found(project: Path) -> None:
    messages.update(project)
    _translate(project, **{"身份证号%(name)s对不上": "The number does not match"})
    assert messages.problems(project) == ["the placeholders differ: 身份证号%(name)s对不上"]


def test_new_and_removed_sentences_are_found(project: Path) -> None:
    messages.update(project)
    _translate(project)
    (project / "cards" / "errors.py").write_text("X = gettext('冻结')", "utf-8")
    assert messages.problems(project) == [
        "cards/errors.py: no English for '冻结'",
        "no longer in the code: 身份证号%(name)s对不上",
    ]


def test_the_compiled_catalogue_is_what_gettext_reads(project: Path) -> None:
    messages.update(project)
    _translate(project)
    messages.compile_all(project)
    catalog = gettext.translation("django", project / "locale", ["en"])
    assert catalog.gettext("出示") == "Show"
    assert catalog.pgettext("time", "上午") == "morning"
    assert catalog.ngettext("有 %(number)s 张卡", "有 %(number)s 张卡", 2) == "%(number)s cards"
