"""The virtual environment: made, left alone, and made again when it is not whole."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment
from tools.launcher.state import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that asks for nothing, so that it needs no network."""
    (tmp_path / "tools").mkdir()
    for name in ("__init__.py", "environment.py"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools" / name)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        (tmp_path / name).write_text("", "utf-8")
    return tmp_path


def _make(checkout: Path, *python: str) -> subprocess.CompletedProcess[str]:
    arguments = python or ("-m", "tools.environment")
    return subprocess.run(
        [sys.executable, *arguments, "product", "--", "-c", "import sys; print(sys.prefix)"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interrupted_installation_is_mended_and_a_whole_one_left_alone(checkout: Path) -> None:
    (checkout / ".venv" / "lib").mkdir(parents=True)
    (checkout / ".venv" / ".unfinished").touch()

    mended = _make(checkout)
    assert "interrupted; it is made again" in mended.stdout
    assert mended.stdout.splitlines()[-1] == str(checkout / ".venv"), mended.stderr

    assert _make(checkout).stdout == f"{checkout / '.venv'}\n"


def test_a_python_without_ensurepip_is_told_which_package_to_install(checkout: Path) -> None:
    start = "runpy.run_module('tools.environment', run_name='__main__')"
    program = f"import runpy, sys; sys.modules['ensurepip'] = None; {start}"
    answer = _make(checkout, "-c", program)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert answer.returncode == 1
    assert f"apt-get install python{version}-venv" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_package_that_lost_a_file_is_found(tmp_path: Path) -> None:
    package = tmp_path / "lamp-1.0.dist-info"
    package.mkdir()
    (tmp_path / "lamp.py").write_text("light", "utf-8")
    (package / "RECORD").write_text("lamp.py,sha256=x,5\nlamp.pyc,,\nlamp-1.0.dist-info/RECORD,,\n", "utf-8")
    assert environment.missing_files(tmp_path) == []
    (tmp_path / "lamp.py").write_text("li", "utf-8")
    assert environment.missing_files(tmp_path) == ["lamp-1.0"]
    (tmp_path / "lamp.py").unlink()
    assert environment.missing_files(tmp_path) == ["lamp-1.0"]
