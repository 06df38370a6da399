"""Keeps the English beside the Chinese, without the gettext programs.

``python -m tools.messages --update``   bring locale/en up to date with the code
``python -m tools.messages --check``    fail if a sentence has no English or a placeholder differs
``python -m tools.messages --compile``  write the .mo files that the running product reads
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

ROOT: Final = Path(__file__).resolve().parents[1]
LOCALE: Final = "en"
# These speak to developers, or stand outside Django.
_OUTSIDE: Final = {"tests", "tools", "benchmarks", "docs", "sandbox", "sdk", "scripts", "deploy", "var"}
_TEMPLATES: Final = (".html", ".txt")
_LAZY: Final = {f"{name}_lazy": spec for name, spec in DEFAULT_KEYWORDS.items() if name.endswith("gettext")}
_KEYWORDS: Final = {**DEFAULT_KEYWORDS, **_LAZY, "gettext_noop": None}

_STRING: Final = r"""(?:u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL: Final = re.compile(rf"\b(_|n?p?gettext)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]|(?<!%)%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Sentence:
    """A sentence of the product (with its plural, if it has one), its context and its file."""

    text: str | tuple[str, str]
    context: str | None
    file: str


def sentences(root: Path = ROOT) -> Iterator[Sentence]:
    """Find every sentence that the code and the templates give to gettext."""
    for path in _files(root):
        if path.suffix == ".py":
            yield from _of_python(root, path)
        elif path.suffix in _TEMPLATES and "templates" in path.relative_to(root).parts:
            yield from _of_template(root, path)


def update(root: Path = ROOT) -> list[str]:
    """Add new sentences to the catalogue, drop those that are gone, and return what lacks English."""
    known = _read(root)
    catalog = Catalog(locale=LOCALE, fuzzy=False, project="electronic-health-card", version="1")
    catalog.header_comment = "# English of the Chinese sentences in the code. `make messages` keeps the list."
    # A date of writing would make two updates of the same code differ.
    catalog.creation_date = known.creation_date
    for sentence in sentences(root):
        catalog.add(sentence.text, locations=[(sentence.file, 0)], context=sentence.context)
    for message in catalog:
        before = known.get(message.id, message.context) if message.id else None
        if before is not None:
            message.string = before.string
    path = _path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, sort_output=True, include_lineno=False)
    return sorted(_shown(message) for message in catalog if message.id and not _is_translated(message))


def problems(root: Path = ROOT) -> list[str]:
    """Return what is wrong with the English, as sentences."""
    catalog = _read(root)
    found = set()
    used = set()
    for sentence in sentences(root):
        message = catalog.get(sentence.text, sentence.context)
        if message is None:
            found.add(f"{sentence.file}: no English for {sentence.text!r}")
        else:
            used.add(id(message))
    for message in catalog:
        if not message.id:
            continue
        if id(message) not in used:
            found.add(f"no longer in the code: {_shown(message)}")
        elif not _is_translated(message):
            found.add(f"no English yet: {_shown(message)}")
        elif not _placeholders_agree(message):
            found.add(f"the placeholders differ: {_shown(message)}")
    return sorted(found)


def compile_all(root: Path = ROOT) -> None:
    """Write each .mo that is older than its .po."""
    for source in root.glob("locale/*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        unfinished = target.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as file:
            write_mo(file, catalog)
        unfinished.replace(target)


def _files(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        at_top = Path(folder) == root
        inner[:] = sorted(
            name for name in inner if not name.startswith(".") and not (at_top and name in _OUTSIDE)
        )
        yield from (Path(folder, name) for name in sorted(names))


def _of_python(root: Path, path: Path) -> Iterator[Sentence]:
    for _, found, _, context in extract_from_file("python", path, keywords=_KEYWORDS):
        text = (found[0], found[1]) if isinstance(found, tuple) else found
        yield Sentence(text, context, str(path.relative_to(root)))


def _of_template(root: Path, path: Path) -> Iterator[Sentence]:
    # Django turns a template into text in which only the calls of gettext are Python.
    calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for call in _TEMPLATE_CALL.finditer(calls):
        words = list(ast.literal_eval(f"({call[2]},)"))
        context = words.pop(0) if "pgettext" in call[1] else None
        text = (words[0], words[1]) if call[1].startswith("n") else words[0]
        yield Sentence(text, context, str(path.relative_to(root)))


def _path(root: Path) -> Path:
    return root / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def _read(root: Path) -> Catalog:
    if not _path(root).exists():
        return Catalog(locale=LOCALE)
    with _path(root).open("rb") as file:
        return read_po(file, locale=LOCALE)


def _texts(value: object) -> list[str]:
    return [str(text or "") for text in (value if isinstance(value, tuple | list) else [value])]


def _is_translated(message: Message) -> bool:
    return not message.fuzzy and all(text.strip() for text in _texts(message.string))


def _placeholders_agree(message: Message) -> bool:
    originals = [set(_PLACEHOLDER.findall(text)) for text in _texts(message.id)]
    return all(set(_PLACEHOLDER.findall(text)) in originals for text in _texts(message.string))


def _shown(message: Message) -> str:
    return _texts(message.id)[0]


def main(arguments: list[str]) -> int:
    """Do what one argument asks for; the result is the exit code."""
    match arguments:
        case ["--compile"]:
            compile_all()
            return 0
        case ["--update"]:
            missing, heading = update(), "These sentences have no English yet:"
        case ["--check"]:
            missing, heading = (
                problems(),
                "The English is not complete; `make messages` brings the list up to date:",
            )
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    if missing:
        sys.stdout.write("\n".join([heading, *(f"  {line}" for line in missing)]) + "\n")
    # An update has done its work even if translations are still to be written.
    return 1 if missing and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
