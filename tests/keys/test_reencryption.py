"""After an exchange nothing anywhere in the database is under the key of before."""

import base64
import io
import secrets

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from gmcrypto import keystore
from gmcrypto.errors import KeyUnavailable
from gmcrypto.keyring import Purpose
from portal import demo
from tests.accounts.people import TOTP_SECRET, staff, with_totp
from tests.keys.everything import Everything

pytestmark = pytest.mark.django_db(transaction=True)

# Keys that are exchanged together with everything that is under them.
STORED = (Purpose.DATA, Purpose.CLIENT_SECRET)


def run(command: str, *args: str) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def places_of(kid: str) -> set[str]:
    """Every column of every table that holds something under this key, whatever wrote it."""
    header = bytes((1, 1, len(kid))) + kid.encode()
    needle: dict[str, bytes | str] = {
        "bytea": header,
        "text": base64.b64encode(header).decode()[: len(header) // 3 * 4],
    }
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('bytea', 'text', 'jsonb', 'character varying')"
        )
        for table, column, kind in cursor.fetchall():
            form = "bytea" if kind == "bytea" else "text"
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE position(%s::{form} IN "{column}"::{form}) > 0 LIMIT 1',
                [needle[form]],
            )
            if cursor.fetchone():
                found.add(f"{table}.{column}")
    return found


def test_every_value_under_the_old_keys_is_moved_wherever_it_rests(settings: Settings) -> None:
    settings.DEMO = True
    demo.load()
    rows = Everything()
    keeper = with_totp(staff("with-factors"))
    before = {kid: places_of(kid) for kid in ("data-1", "client_secret-1")}
    assert "institutions_institution.contact_phone" in before["data-1"]
    assert "mfa_authenticator.data" in before["data-1"]
    assert "gmcrypto_subjectkey.wrapped" in before["data-1"]
    assert before["client_secret-1"]
    for purpose in STORED:
        assert f"{purpose}-2 is in use" in run("rotate_key", purpose.value, "--reason", "测试")
    said = run("reencrypt_fields", "--batch", "7")
    assert "mfa.Authenticator: " in said
    for purpose in STORED:
        assert places_of(f"{purpose}-1") == set()
        assert places_of(f"{purpose}-2") == before[f"{purpose}-1"]
    keystore.forget()
    assert all(rows.is_found().values())
    totp = Authenticator.objects.get(user=keeper, type=Authenticator.Type.TOTP).wrap()
    assert totp.instance.data["secret"] != TOTP_SECRET
    assert " 0 changed" in run("reencrypt_fields").splitlines()[-1]
    assert list(
        AuditEntry.objects.filter(action="key.rotated").order_by("pk").values_list("subject_id", flat=True)
    ) == [
        "data-2",
        "client_secret-2",
    ]


def test_the_index_key_has_a_way_of_its_own() -> None:
    with pytest.raises(CommandError, match="rotate_index_key"):
        run("rotate_key", "index", "--reason", "测试")
    assert keystore.active(Purpose.INDEX).version == 1


def test_the_root_key_is_exchanged_under_running_processes(settings: Settings) -> None:
    rows = Everything()
    former, fresh = settings.EHC_ROOT_KEY, secrets.token_hex(16)
    settings.EHC_ROOT_KEY = fresh
    keystore.forget()
    with pytest.raises(KeyUnavailable, match="wrapped by the root key"):
        keystore.check_ready()
    with pytest.raises(CommandError, match="wrapped by the root key"):
        run("change_root_key", "--reason", "测试")
    # As the processes are started for the exchange: with both.
    settings.EHC_ROOT_KEY_BEFORE = former
    keystore.forget()
    assert all(rows.is_found().values())
    assert " keys were wrapped anew" in run("change_root_key", "--reason", "测试")
    assert all(rows.is_found().values())
    settings.EHC_ROOT_KEY_BEFORE = ""
    keystore.forget()
    keystore.check_ready()
    assert all(rows.is_found().values())
    assert AuditEntry.objects.filter(action="key.root_changed").count() == 1
