"""What the rooms may know of each other, beyond what the import linter sees."""

import ast

from tests.architecture.source import room_of, sources

# Abstract bases without a table: every room's models derive from them.
OPEN_MODELS = {"foundation.core"}
# (file, models of): why the closed door is passed.
EXCEPTIONS: dict[tuple[str, str], str] = {}
# Django writes a field's default into the migration by its name; this one draws random characters,
# and never needs to change.
LENT_TO_MIGRATIONS = ("gmcrypto.fields.", "foundation.core.ids.")
SIGNALS = (
    "django.db.models.signals",
    "django.dispatch",
    "django.contrib.auth.signals",
    "allauth.account.signals",
)


def test_models_are_private_to_their_room() -> None:
    found = {
        (source.path, other)
        for source in sources()
        for name in source.imports()
        if (other := room_of(name))
        and other not in {source.room, *OPEN_MODELS}
        and "models" in name.removeprefix(other).split(".")
    }
    assert found - set(EXCEPTIONS) == set()
    assert set(EXCEPTIONS) <= found
    assert all(EXCEPTIONS.values())


def test_foreign_keys_across_rooms_are_written_as_strings() -> None:
    found = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if not source.is_migration
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"ForeignKey", "OneToOneField", "ManyToManyField"}
        and node.args
        and isinstance(node.args[0], ast.Attribute)
        and getattr(node.args[0].value, "id", "") != "settings"
    ]
    assert found == []


def test_migrations_import_nothing_of_ours_but_the_encrypted_fields() -> None:
    found = [
        f"{source.path}: {name}"
        for source in sources()
        if source.is_migration
        for name in source.imports()
        if room_of(name) and not f"{name}.".startswith(LENT_TO_MIGRATIONS)
    ]
    assert found == []


def test_nobody_uses_signals() -> None:
    found = [
        f"{source.path}: {name}"
        for source in sources()
        for name in source.imports()
        if name.startswith(SIGNALS)
    ]
    assert found == []


def test_nobody_prints() -> None:
    found = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert found == []


def test_there_is_one_clock() -> None:
    found = {
        source.path
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and getattr(node.value, "id", getattr(node.value, "attr", "")) in {"datetime", "date", "timezone"}
    }
    assert found == {"foundation/core/clock.py"}
