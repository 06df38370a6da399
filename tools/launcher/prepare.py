"""The steps before the processes start, in one Django, because each start of it costs a second.

Run as ``python -m tools.launcher.prepare``.
"""

import io
import os
import sys

import django
from django.core.management import call_command

from tools import messages
from tools.launcher.state import State, write_private


def main() -> None:
    """Bring translations, tables, keys and demo data up to date."""
    messages.compile_all()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    sys.stdout.write("the tables are up to date\n")
    call_command("ensure_keys")
    call_command("load_demo")
    sys.stdout.write("the demo data is loaded\n")
    sign_ins = io.StringIO()
    call_command("demo_credentials", stdout=sign_ins)
    write_private(State().sign_ins, sign_ins.getvalue())


if __name__ == "__main__":
    main()
