import os
import subprocess
import sys
from pathlib import Path

from tools.launcher.state import ROOT

_REPORT = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    settings = "SELECT current_setting('fsync'), current_setting('server_version')"
    print(*connection.execute(settings).fetchone())
    role = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    print(*connection.execute(role).fetchone())
print(redis.from_url(os.environ["REDIS_URL"]).ping(), os.environ["EHC_IGNORE_RUN_FILE"])
raise SystemExit(7)
"""


def test_a_command_gets_servers_of_its_own_and_nothing_of_them_is_left(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
    }
    answer = subprocess.run(
        [sys.executable, "-m", "tools.launcher", "with", "--", sys.executable, "-c", _REPORT],
        cwd=ROOT,
        env={**environment, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 7, answer.stderr
    settings, role, redis = answer.stdout.splitlines()
    assert settings.startswith("on 18.")
    assert role == "ehc False"
    assert redis == "True 1"
    assert list(tmp_path.iterdir()) == []
