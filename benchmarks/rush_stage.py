"""Where the rush is measured: servers of its own, a hospital with its sessions, and people."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import setting


@contextmanager
def servers() -> Iterator[Any]:
    """Servers of its own; gives what kills the PostgreSQL and starts it again."""
    from tools.launcher import postgres, temporary, valkey
    from tools.launcher.console import Console
    from tools.launcher.supervisor import Supervisor

    folder = Path(tempfile.mkdtemp(prefix="ehc-rush-", dir=temporary._base()))
    console = Console()
    supervisor = Supervisor(console)
    again: list[Supervisor] = []
    try:
        (folder / "valkey").mkdir()
        os.environ["REDIS_URL"] = valkey.start(supervisor, folder / "valkey", folder, is_durable=False)
        place = postgres.temporary_place(folder)
        postgres.start(supervisor, place)
        os.environ["DATABASE_URL"] = place.url

        def kill() -> None:
            pid = int((place.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.killpg(os.getpgid(pid), signal.SIGKILL)
            # As long as nobody has taken leave of it, its number still stands for a running server.
            os.waitpid(pid, 0)
            time.sleep(1.0)
            # The first one has seen its server die.
            again.append(Supervisor(console))
            postgres.start(again[-1], place)

        yield kill
    finally:
        for each in (*again, supervisor):
            each.stop(last=("postgres", "valkey"))
        console.close()
        shutil.rmtree(folder, ignore_errors=True)


def build(options: argparse.Namespace) -> None:
    """Migrate, and make hospital, sessions and people."""
    setting.FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        REDIS_PREFIX="ehc-rush",
        EHC_ROOT_KEY_FILE=str(setting.FOLDER / "root.key"),
        AUDIT_CHECKPOINT_FILE=str(setting.FOLDER / "checkpoints.jsonl"),
        SECRET_KEY="benchmark",
        DEMO="1",
        EHC_IGNORE_RUN_FILE="1",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    os.environ.pop("EHC_ROOT_KEY", None)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=setting.ROOT, check=True)
    import django

    django.setup()
    from django.db import connection

    from appointments.models import BookingRule
    from foundation.core.actor import Actor
    from gmcrypto import keystore
    from institutions.models import Department, Institution
    from institutions.services import clinics
    from institutions.types import DepartmentDetails

    keystore.ensure_keys()
    setting._hospital()
    place = Institution.objects.latest("pk")
    clinics.save_department(
        institution=place.public_id,
        details=DepartmentDetails("01", "测试科"),
        actor=Actor.system("benchmark"),
    )
    department = Department.objects.get(institution=place)
    most = 30_000
    BookingRule.objects.create(
        institution=place,
        person_day_limit=most,
        person_open_limit=most,
        account_day_limit=most,
        device_day_limit=most,
    )
    with connection.cursor() as cursor:
        # Anchors alone: nobody reads what stands in them here.
        cursor.execute(
            "INSERT INTO mpi_person (public_id, name, sex, nation, nationality, created_at, updated_at) "
            "SELECT lpad(n::text, 26, '0'), '\\x00', '0', '', '156', now(), now() "
            "FROM generate_series(1, %s) AS n",
            [options.people],
        )
        cursor.execute(
            """
            INSERT INTO appointments_schedule (public_id, institution_id, department_id, code, date,
                session, kind, fee_fen, state, stop_reason, releases_at, closes_at, created_at, updated_at)
            SELECT 's' || lpad(n::text, 25, '0'), %s, %s, n::text, current_date + 2,
                'am', 'general', 0, 'open', '',
                now() - interval '1 day', now() + interval '1 day', now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [place.pk, department.pk, options.sessions],
        )
        cursor.execute(
            """
            INSERT INTO appointments_slot (public_id, schedule_id, starts_at, ends_at, capacity, free)
            SELECT 'b' || lpad(id::text, 25, '0'), id, now() + interval '2 days',
                now() + interval '2 days 1 hour', %s, '{}'
            FROM appointments_schedule
            """,
            [options.places],
        )
    connection.close()


def settle(options: argparse.Namespace) -> None:
    """Every place free, nothing booked, and statistics of full tables."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE appointments_booking, events_outbox CASCADE")
        cursor.execute("TRUNCATE audit_entry")
        cursor.execute(
            "UPDATE appointments_slot SET free = ARRAY(SELECT generate_series(1, %s))::smallint[]",
            [options.places],
        )
        for table in ("appointments_slot", "appointments_schedule", "mpi_person", "appointments_booking"):
            cursor.execute(f"VACUUM ANALYZE {table}")
