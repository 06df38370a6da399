#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit("Django is not installed for this Python: use .venv/bin/python, which `make run` makes")

    from gmcrypto.errors import KeyUnavailable

    try:
        execute_from_command_line(sys.argv)
    except KeyUnavailable as exc:
        # Whoever installs the product reads what is missing, and no traceback.
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
