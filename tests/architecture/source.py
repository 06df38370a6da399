"""The product's own Python files, parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = ("accounts", "audit", "carriers", "core", "events", "gateway")
ROOMS = (
    "portal",
    "interop",
    "privacy",
    "notifications",
    "appointments",
    "records",
    "payments",
    "cards",
    "identity",
    "onboarding",
    "mpi",
    "institutions",
    *(f"foundation.{name}" for name in FOUNDATION),
    "gmcrypto",
)


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its dotted name, its tree."""

    path: str
    module: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room that the file belongs to."""
        return room_of(self.module)

    @property
    def is_migration(self) -> bool:
        """Whether the file changes tables."""
        return ".migrations." in self.module

    def imports(self) -> Iterator[str]:
        """Dotted names of everything that is imported, also inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources() -> tuple[Source, ...]:
    """Every file of every room."""
    folders = sorted({room.split(".")[0] for room in ROOMS})
    files = (file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_source(file) for file in files)


def room_of(dotted: str) -> str:
    """The room that a dotted name is in; empty for others' packages."""
    return next((room for room in ROOMS if dotted == room or dotted.startswith(f"{room}.")), "")


def _source(file: Path) -> Source:
    path = file.relative_to(ROOT)
    parts = path.with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(str(path), module, ast.parse(file.read_text("utf-8"), filename=str(path)))
