"""The launcher with real servers: how it starts, ends, and goes on after it was killed."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import SmallRun, living, wait_until


def test_everything_stops_even_what_ignores_the_signal(small_run: SmallRun) -> None:
    small_run.start("servers", "polite", "stubborn")
    small_run.wait_for("stubborn | here")
    processes = small_run.children()
    assert len(living(processes)) == 4

    small_run.signal(signal.SIGTERM)

    assert small_run.ending() == 0
    assert living(processes) == []
    output = small_run.output()
    assert "stubborn did not stop in time and is killed" in output
    assert "postgres did not stop in time" not in output


def test_a_killed_launcher_leaves_nothing_and_the_next_start_finds_its_data(small_run: SmallRun) -> None:
    small_run.start("servers", "polite")
    small_run.wait_for("ready")
    processes = small_run.children()
    _query(small_run, "CREATE TABLE kept AS SELECT 1 AS number")
    small_run.signal(signal.SIGKILL)
    small_run.ending()
    wait_until(lambda: living(processes) == [], 60)
    # What a power failure leaves: the number in the file belongs to another program by now.
    pid_file = small_run.folder / "var" / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n", "utf-8")

    small_run.start("servers", "polite")
    small_run.wait_for("ready")

    assert _query(small_run, "SELECT number FROM kept") == "1"
    small_run.signal(signal.SIGINT)
    assert small_run.ending() == 0


def test_a_second_start_of_the_same_checkout_is_refused(small_run: SmallRun) -> None:
    small_run.start("polite")
    small_run.wait_for("here")
    second = subprocess.run(
        small_run.argv("polite"),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert second.returncode == 1
    assert f"already running (process {small_run.launcher()})" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_process_that_cannot_start_stops_the_run_and_shows_why(small_run: SmallRun) -> None:
    small_run.start("polite", "hopeless")
    assert small_run.ending() == 1
    assert "hopeless ended (exit code 1), so everything stops." in small_run.output()
    assert "  no such setting: COLOUR" in small_run.output()
    assert living(small_run.children()) == []


def test_a_process_that_dies_later_starts_again(small_run: SmallRun) -> None:
    small_run.start("mortal")
    small_run.wait_for("mortal ended (exit code 4) and starts again in 1 s")
    wait_until(lambda: small_run.output().count("mortal   | here") >= 2, 60, small_run.output)
    small_run.signal(signal.SIGTERM)
    assert small_run.ending() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_make_alone_stops_the_run(small_run: SmallRun, number: signal.Signals) -> None:
    makefile = small_run.folder / "Makefile"
    makefile.write_text(f"run:\n\t@{' '.join(small_run.argv('polite'))}\n", "utf-8")
    small_run.start(argv=["make", "--directory", str(small_run.folder), "run"])
    small_run.wait_for("here")
    processes = [*small_run.children(), small_run.launcher()]

    small_run.signal(number)

    small_run.ending()
    wait_until(lambda: living(processes) == [], 60, small_run.output)
    assert "launcher | stopped" in small_run.output()


def _query(run: SmallRun, statement: str) -> str:
    import psycopg

    values = dict(
        line.split("=", 1) for line in (run.folder / "var" / "run.env").read_text().splitlines()[1:]
    )
    with psycopg.connect(values["DATABASE_URL"]) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""
