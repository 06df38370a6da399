"""The checks that need Django: ``python -m tools.django_checks migrations|schema|write-schema``."""

import difflib
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import django
from django.apps import apps
from django.core.management import CommandError, call_command

ROOT: Final = Path(__file__).resolve().parents[1]
# Changes of tables that no installation had yet: nothing old runs beside them.
BEFORE_FIRST_RELEASE: Final = (
    "0011_family",
    "0003_family",
    "0002_sandbox_institution",
    "0003_terminal_sign_in",
    "0023_index_exchange",
    "0004_index_exchange",
    "0004_hospital_reference",
    "0005_outsiders",
    "0006_settlements",
    "0009_insurance_orders",
)
SCHEMA: Final = ROOT / "docs" / "api" / "openapi.yaml"


def migrations() -> int:
    """Fail if a migration is missing, or one could stop the old version that still runs beside it."""
    from django_migration_linter import MigrationLinter

    call_command("makemigrations", check_changes=True, dry_run=True)
    ours = [
        config.label for config in apps.get_app_configs() if (ROOT / ".venv") not in Path(config.path).parents
    ]
    linter = MigrationLinter(str(ROOT), include_apps=ours, ignore_name=BEFORE_FIRST_RELEASE, no_cache=True)
    linter.lint_all_migrations()
    linter.print_summary()
    return int(linter.has_errors)


def schema() -> int:
    """Fail if the committed OpenAPI document is not what the code says."""
    committed = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    current = _current_schema()
    if committed == current:
        return 0
    difference = difflib.unified_diff(
        committed.splitlines(),
        current.splitlines(),
        str(SCHEMA.relative_to(ROOT)),
        "the code",
        lineterm="",
        n=2,
    )
    sys.stdout.write("\n".join(list(difference)[:80]))
    sys.stdout.write("\nThe interface has changed; `make schema` writes it down.\n")
    return 1


def write_schema() -> int:
    """Write down what the code says."""
    SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    SCHEMA.write_text(_current_schema(), encoding="utf-8")
    return 0


def _current_schema() -> str:
    with tempfile.NamedTemporaryFile("r", suffix=".yaml", encoding="utf-8") as file:
        call_command("spectacular", file=file.name, validate=True, fail_on_warn=True)
        return Path(file.name).read_text(encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    try:
        sys.exit({"migrations": migrations, "schema": schema, "write-schema": write_schema}[sys.argv[1]]())
    except CommandError as error:
        sys.exit(str(error))
