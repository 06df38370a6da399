"""The stage of a benchmark: a database of its own with people, cards, a hospital and its keys.

The database is kept between runs, because registering people takes longer than measuring;
the record of use is emptied before each measurement.
"""

import os
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "benchmark"
DATABASE = "ehc_benchmark"
CLIENTS = 8


@dataclass(frozen=True)
class Signer:
    """One client of the hospital with its secret."""

    client: str
    kid: str
    algorithm: str
    secret: bytes


@dataclass(frozen=True)
class Stage:
    """Everything that requests are made of."""

    terminal_id: str
    hmac: list[Signer]
    sm2: list[Signer]
    card_ids: list[str]


def prepare_environment(database: str = DATABASE) -> None:
    """Point the settings at the benchmark's own database; to be called before Django is set up.

    Args:
        database: Another one, for a benchmark that grows it with every run.

    Raises:
        SystemExit: If no servers are named.
    """
    for name in ("DATABASE_URL", "REDIS_URL"):
        if name not in os.environ:
            raise SystemExit(f"Set {name} to a PostgreSQL and a Valkey that may be used for measuring.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    _create_database(database)
    parts = urlsplit(os.environ["DATABASE_URL"])
    os.environ.update(
        # Put together by hand: `urlunsplit` loses the two slashes where no host is named.
        DATABASE_URL=f"{parts.scheme}://{parts.netloc}/{database}?{parts.query}",
        REDIS_PREFIX="ehc-benchmark",
        EHC_ROOT_KEY_FILE=str(FOLDER / "root.key"),
        AUDIT_CHECKPOINT_FILE=str(FOLDER / "checkpoints.jsonl"),
        SECRET_KEY="benchmark",
        DEMO="1",
        EHC_IGNORE_RUN_FILE="1",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )


def _create_database(name: str) -> None:
    import psycopg

    from portal import database

    given = database.parse(os.environ["DATABASE_URL"], connection_age=0)
    with psycopg.connect(
        host=given["HOST"] or None,
        port=given["PORT"] or None,
        user=given["USER"] or None,
        password=given["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not found:
            connection.execute(f"CREATE DATABASE {name}")


def build(people: int) -> Stage:
    """Migrate, and make what is missing of the hospital and the people."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    import django

    django.setup()
    from cards import centre
    from cards.models import CardNumber
    from foundation.core.actor import Actor
    from gmcrypto import keystore, subject_keys

    keystore.ensure_keys()
    # Codes are made before the measurement begins, so they have to live through it.
    centre.change_rules(actor=Actor.system("benchmark"), reason="benchmark", lifetime_seconds=600)
    terminal_id, hmac, sm2 = _hospital()
    _register(people - CardNumber.objects.count())
    numbers = list(CardNumber.objects.order_by("pk")[:people])
    subject_keys.prefetch_subject_keys(number.subject for number in numbers)
    return Stage(terminal_id, hmac, sm2, [number.value for number in numbers])


def _hospital() -> tuple[str, list[Signer], list[Signer]]:
    import gmcrypto
    from foundation.core.actor import Actor
    from foundation.gateway import services as gateway
    from institutions import rules, services
    from institutions.types import InstitutionDetails

    actor = Actor.system("benchmark")
    serial = secrets.randbelow(10**9)
    body = f"12110100{serial:09d}"
    services.add_region(code="110100", name="测试市", actor=actor)
    institution = services.register_institution(
        details=InstitutionDetails(
            code=f"B{serial}",
            name=f"测试医院{serial}",
            short_name="测试医院",
            region="110100",
            level="32",
            category="A100",
            uscc=body + rules.uscc_check_character(body),
        ),
        actor=actor,
    )
    services.approve(institution=institution, actor=actor, reason="benchmark")
    services.add_terminal(institution=institution, terminal_id="W01", name="一号窗口", kind="01", actor=actor)
    hmac, sm2 = [], []
    for place in range(CLIENTS):
        client = gateway.create_client(
            institution=institution,
            name=f"HIS {place}",
            scopes=["code:verify", "card:read_full"],
            rate_per_minute=10_000_000,
            actor=actor,
        )
        key = gateway.add_key(client=client, algorithm="HMAC-SM3", actor=actor)
        hmac.append(Signer(client, key.kid, key.algorithm, key.secret.encode()))
        private, public = gmcrypto.generate_keypair()
        key = gateway.add_key(client=client, algorithm="SM2-SM3", public_key=public.to_pem(), actor=actor)
        sm2.append(Signer(client, key.kid, key.algorithm, private.to_der()))
    return "W01", hmac, sm2


def _register(missing: int) -> None:
    from django.db import transaction

    from cards.services.issue import issue_card
    from foundation.core.actor import Actor
    from mpi import rules, services
    from mpi.types import PersonIdentity

    actor = Actor.system("benchmark")
    start = secrets.randbelow(10**8)
    for place in range(max(0, missing)):
        serial = start + place
        body = f"1101{serial // 10**6 % 100:02d}19{50 + serial % 49:02d}{serial // 49 % 12 + 1:02d}"
        body += f"{serial // 588 % 28 + 1:02d}{serial // 16464 % 1000:03d}"
        with transaction.atomic():
            person = services.register_person(
                identity=PersonIdentity(
                    name="测试甲",
                    id_type="01",
                    id_number=body + rules.check_digit_of(body),
                    nation="01",
                    phone="13900000000",
                    address="测试市测试路1号",
                ),
                source="benchmark",
                actor=actor,
            )
            issue_card(person_pk=person.person_pk, channel="institution", actor=actor)


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    import platform

    from django.db import connection

    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('synchronous_commit'), "
            "current_setting('fsync')"
        )
        version, synchronous, fsync = cursor.fetchone()
    return {
        "machine": f"{os.cpu_count()} cores, {cpu[1] if cpu else platform.machine()}",
        "python": platform.python_version(),
        "postgresql": f"{version}, synchronous_commit {synchronous}, fsync {fsync}",
    }
