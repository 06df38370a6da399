"""Every Chinese word in a template can be translated."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# The style guide's invented people and places are nobody's text.
TEMPLATES = sorted(
    file for file in (ROOT / "templates").rglob("*.html") if not file.name.startswith("styleguide")
)
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.DOTALL)
BLOCK = re.compile(
    r"\{%\s*(?:blocktranslate|blocktrans)\b.*?\{%\s*end(?:blocktranslate|blocktrans)\s*%\}", re.DOTALL
)
TRANSLATE = re.compile(r"\{%\s*(?:translate|trans)\b.*?%\}", re.DOTALL)
MARKED = re.compile(r"""_\(\s*(?:"[^"]*"|'[^']*')\s*\)""")
# A language is called by its own name whatever language the page is in.
OWN_NAMES = {"简体中文"}


def unmarked(text: str) -> set[str]:
    for pattern in (COMMENT, BLOCK, TRANSLATE, MARKED):
        text = pattern.sub(" ", text)
    return set(CHINESE.findall(text)) - OWN_NAMES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_chinese_stands_outside_a_translation(template: Path) -> None:
    assert unmarked(template.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "text", ["<p>你好</p>", '{% button "提交" %}', "{{ name|default:'没有' }}", '<a title="返回">x</a>']
)
def test_the_scan_finds_what_it_is_for(text: str) -> None:
    assert unmarked(text)


@pytest.mark.parametrize(
    "text",
    [
        '{% translate "你好" %}',
        "{% blocktranslate %}你好 {{ name }}{% endblocktranslate %}",
        '{% button _("提交") busy=_("正在提交") %}',
        "{# 你好 #}",
        '<button lang="zh-Hans">简体中文</button>',
    ],
)
def test_what_is_marked_is_not_found(text: str) -> None:
    assert unmarked(text) == set()
