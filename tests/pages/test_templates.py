"""What the content security policy and a slow network ask of templates and files."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "static" / "portal"

FORBIDDEN = {
    "an inline style": re.compile(r"<style\b|\sstyle\s*="),
    "an event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']"),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//"),
}
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_that_the_policy_refuses(template: Path) -> None:
    text = template.read_text("utf-8")
    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    for attributes, body in SCRIPT.findall(text):
        if body.strip() and 'type="application/json"' not in attributes:
            found.append("an inline script")
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color:red">',
        "<style>p{}</style>",
        '<a onclick="go()">',
        '<a href="javascript:go()">',
        '<script src="//cdn.example/x.js"></script>',
    ],
)
def test_the_scan_finds_what_it_is_for(text: str) -> None:
    assert any(pattern.search(text) for pattern in FORBIDDEN.values())


def test_the_scripts_stay_small() -> None:
    sizes = {file.name: file.stat().st_size for file in (STATIC / "js").glob("*.js")}
    assert sum(sizes.values()) < 24_000, sizes


def test_a_page_with_all_its_files_stays_under_the_budget() -> None:
    files = [*STATIC.glob("*.css"), *(STATIC / "js").glob("*.js")]
    over_the_wire = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
    # 60 KB for a page: a third for its files leaves the rest for the text and the codes.
    assert over_the_wire < 20_000
    assert len(files) <= 10
