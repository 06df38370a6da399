"""What can be reached from some files, by the names that functions use.

A name that a function uses counts as reached, with everything that it uses in turn; whether the
line is ever run is not asked. So the answer errs on the side of too much. Methods that are
called on values are reached by the name of their class alone.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from tests.architecture.source import Source, sources

# A module and a name that it defines; the name is empty for the module itself.
Place = tuple[str, str]


@cache
def modules() -> dict[str, Source]:
    return {source.module: source for source in sources()}


@cache
def definitions(module: str) -> dict[str, list[ast.stmt]]:
    """The functions, classes and constants of a file."""
    found: dict[str, list[ast.stmt]] = defaultdict(list)
    for node in modules()[module].tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name].append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found[target.id].append(node)
    return found


@cache
def imported(module: str) -> dict[str, Place]:
    """Where the names come from that a file imports."""
    found: dict[str, Place] = {}
    for node in ast.walk(modules()[module].tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    return found


def resolve(module: str, name: str, *, seen: frozenset[Place] = frozenset()) -> Place | None:
    """What a name means in a file; nothing for what is not ours."""
    if module not in modules() or (module, name) in seen:
        return None
    if name in definitions(module):
        return module, name
    if name in imported(module):
        found = resolve(*imported(module)[name], seen=seen | {(module, name)})
        if found is not None:
            return found
        dotted = ".".join(imported(module)[name])
        return (dotted, "") if dotted in modules() else None
    return (f"{module}.{name}", "") if f"{module}.{name}" in modules() else None


def used(place: Place) -> Iterator[Place]:
    """What a function, class or constant uses."""
    module, name = place
    for definition in definitions(module)[name]:
        for node in ast.walk(definition):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owner = resolve(module, node.value.id)
                found = resolve(owner[0], node.attr) if owner is not None and not owner[1] else owner
            elif isinstance(node, ast.Name):
                found = resolve(module, node.id)
            else:
                continue
            if found is not None and found[1]:
                yield found


def reached_from(roots: Iterable[str]) -> set[Place]:
    """Everything that the files of some modules reach."""
    left = [(module, name) for module in roots for name in definitions(module)]
    found: set[Place] = set()
    while left:
        place = left.pop()
        if place not in found:
            found.add(place)
            left.extend(used(place))
    return found
