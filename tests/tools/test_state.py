import os
import stat
from pathlib import Path

import pytest

from tools.launcher.problems import Problem
from tools.launcher.state import State, process_start, socket_folder


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path)
    made.prepare()
    return made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_run_tells_other_shells_is_for_its_user_only(state: State) -> None:
    os.umask(0o022)
    state.write_run_env({"DEMO": "1", "SECRET_KEY": "x=y"})
    assert _mode(state.run_env) == 0o600
    assert _mode(state.folder) == 0o700
    assert state.run_env.read_text("utf-8").splitlines()[1:] == ["DEMO=1", "SECRET_KEY=x=y"]


def test_the_secret_key_is_made_once(state: State) -> None:
    first = state.secret_key()
    assert len(first) >= 60
    assert State(state.root).secret_key() == first


def test_a_checkout_can_be_taken_once(state: State) -> None:
    state.take()
    with pytest.raises(Problem, match="already running"):
        State(state.root).take()


def test_a_process_is_known_again_by_its_start_not_by_its_number_alone(state: State) -> None:
    state.remember_processes({"web": os.getpid()})
    assert state.left_processes() == {os.getpid(): "web"}
    entries = (state.folder / "processes.json").read_text("utf-8")
    started = process_start(os.getpid())
    assert started is not None
    (state.folder / "processes.json").write_text(entries.replace(started, "1"), "utf-8")
    assert state.left_processes() == {}


def test_sockets_lie_in_a_short_private_folder_that_stays_the_same(tmp_path: Path) -> None:
    folder = socket_folder(tmp_path)
    try:
        assert _mode(folder) == 0o700
        assert len(str(folder / ".s.PGSQL.5432")) < 107
        assert socket_folder(tmp_path) == folder
    finally:
        folder.rmdir()


def test_a_socket_folder_that_somebody_else_prepared_is_not_used(tmp_path: Path) -> None:
    folder = socket_folder(tmp_path)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        other = socket_folder(tmp_path)
        assert other != folder
        assert _mode(other) == 0o700
        other.rmdir()
    finally:
        folder.unlink()
