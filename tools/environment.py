"""Makes ``.venv`` whole, then becomes a program in it. Standard library only.

``python -m tools.environment product|development -- <arguments of the new Python>``
"""

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
# While this file exists an installation is under way, or was interrupted.
UNFINISHED: Final = VENV / ".unfinished"
STAMP: Final = VENV / ".installed"
CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"
INSTALLER: Final = "requirements-uv.txt"
SETS: Final = {
    "product": ("requirements.txt",),
    "development": ("requirements.txt", "requirements-dev.txt"),
}
SMALLEST_FREE_MB: Final = {"product": 700, "development": 1200}

_NO_NETWORK: Final = re.compile(
    r"name resolution|dns error|Name or service not known|Network is unreachable|Connection refused"
    r"|No route to host|NewConnectionError|ConnectTimeout|timed out|error sending request"
    r"|client error \(Connect\)"
)
_NO_TRUST: Final = re.compile(r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer")
_NO_SPACE: Final = re.compile(r"No space left on device|os error 28|Errno 28|[Qq]uota exceeded")


class Refusal(Exception):
    """The environment cannot be made; the text is a sentence that says what to do."""


def main(arguments: list[str]) -> int:
    """Make the environment, then become the program that the arguments name."""
    wanted, separator, *rest = arguments
    if wanted not in SETS or separator != "--":
        raise Refusal("usage: python -m tools.environment product|development -- <arguments of Python>")
    with _only_one():
        make(wanted)
    # Compiled files are what makes the second start quick: eight processes read the same modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(PYTHON, [str(PYTHON), *rest])  # noqa: S606 (this process becomes the program)


def make(wanted: str) -> None:
    """Bring ``.venv`` to what a set of requirements asks for; at once if nothing is to do."""
    installed = STAMP.read_text(encoding="ascii") if STAMP.exists() else ""
    # What is enough for development is enough for the product.
    enough = [digest(name) for name in SETS if set(SETS[wanted]) <= set(SETS[name])]
    reason = _what_is_wrong(installed)
    if not reason and installed in enough:
        return
    _check_space(wanted)
    if reason:
        say(reason)
        shutil.rmtree(VENV, ignore_errors=True)
    begun = time.monotonic()
    if not PYTHON.exists():
        _create()
    UNFINISHED.touch()
    STAMP.unlink(missing_ok=True)
    _install(SETS[wanted])
    STAMP.write_text(digest(wanted), encoding="ascii")
    UNFINISHED.unlink()
    say(f"the environment is ready after {time.monotonic() - begun:.0f} s")


def digest(name: str) -> str:
    """Return what identifies a set of requirements for this Python."""
    found = hashlib.sha256(platform.python_version().encode())
    for file in SETS[name]:
        found.update((ROOT / file).read_bytes())
    return f"{name}-{found.hexdigest()}"


def say(text: str) -> None:
    """Write one line in the form of the run's log."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} setup    | {text}\n")
    sys.stdout.flush()


def missing_files(site_packages: Path) -> list[str]:
    """Return the packages that have lost files since they were installed, by their own records."""
    broken = []
    for record in site_packages.glob("*.dist-info/RECORD"):
        for row in record.read_text(encoding="utf-8").splitlines():
            name, _, size = row.rsplit(",", 2)
            if name.endswith(".pyc") or not size:
                continue
            try:
                is_whole = os.stat(site_packages / name.strip('"')).st_size == int(size)
            except OSError:
                is_whole = False
            if not is_whole:
                broken.append(record.parent.name.removesuffix(".dist-info"))
                break
    return broken


def _what_is_wrong(installed: str) -> str:
    if not VENV.exists():
        return ""
    if not VENV.is_dir():
        raise Refusal(f"{VENV} is in the way of the virtual environment. Move it away and start again.")
    if UNFINISHED.exists():
        return "the last installation was interrupted; it is made again from the beginning"
    if not _works(PYTHON, "import sys; sys.exit(sys.version_info < (3, 11))"):
        return ".venv has no Python that works; it is made again"
    site_packages = next(VENV.glob("lib/python3.*/site-packages"), None)
    if site_packages is None or not (site_packages / "pip").is_dir():
        return ".venv is only half made; it is made again"
    if installed and (broken := missing_files(site_packages)):
        return f".venv has lost files of {', '.join(sorted(broken)[:3])}; it is made again"
    return ""


def _works(python: Path, program: str) -> bool:
    try:
        return subprocess.run([python, "-c", program], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _check_space(wanted: str) -> None:
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < SMALLEST_FREE_MB[wanted]:
        raise Refusal(
            f"The disk that holds {ROOT} has only {free} MB free; the installation needs about "
            f"{SMALLEST_FREE_MB[wanted]} MB. Free some space and start again."
        )


def _create() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None:
        raise Refusal(
            f"This Python {version} cannot make virtual environments, because Debian keeps that part in a "
            f"package of its own. Install it and start again:\n\n    apt-get install python{version}-venv"
        )
    say(f"making .venv with Python {platform.python_version()}")
    # Written before the folder is filled, so that an interruption is seen at the next start.
    VENV.mkdir()
    UNFINISHED.touch()
    code, output = _call([sys.executable, "-m", "venv", str(VENV)])
    if code:
        raise Refusal(_explained("The virtual environment could not be made.", output))


def _install(files: tuple[str, ...]) -> None:
    requirements = [str(ROOT / file) for file in files]
    say("installing the pinned requirements")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes"]
    pip += ["--retries", "2", "--timeout", "30"]
    code, output = _call([*pip, "-r", str(ROOT / INSTALLER)])
    if not code:
        uv = [str(PYTHON), "-m", "uv", "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON)]
        code, output = _call([*uv, *requirements])
    if code and not _NO_SPACE.search(output):
        # A mirror without uv, or settings that only pip knows: pip is slower and gets there too.
        if _NO_NETWORK.search(output):
            raise Refusal(_explained("The requirements could not be downloaded.", output))
        say("uv did not get there; pip installs instead")
        code, output = _call([*pip, *(part for file in requirements for part in ("-r", file))])
    if code:
        raise Refusal(_explained("The requirements could not be installed.", output))


def _call(argv: list[str]) -> tuple[int, str]:
    """Run a program that ends when we do; return its exit code and what it said."""
    process = subprocess.Popen(
        argv,
        cwd=ROOT,
        env=_installer_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        output, _ = process.communicate()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    return process.returncode, output


def _installer_environment() -> dict[str, str]:
    """Give uv what pip already knows: the index of this machine, and the certificates it trusts."""
    environment = dict(os.environ)
    environment.pop("VIRTUAL_ENV", None)
    if Path(CERTIFICATES).exists():
        environment.setdefault("SSL_CERT_FILE", CERTIFICATES)
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys() and (index := _pip_index()):
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def _pip_index() -> str:
    if not PYTHON.exists():
        return ""
    answer = subprocess.run(
        [PYTHON, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^(?:global|:env:|install)\.index-url='([^']+)'$", answer.stdout, re.MULTILINE)
    return found[1] if found else ""


def _explained(what: str, output: str) -> str:
    """Say why an installer failed, as far as its words tell, and quote the end of them."""
    if _NO_SPACE.search(output):
        why = "The disk is full. Free some space and start again."
    elif _NO_TRUST.search(output):
        why = "This machine does not trust the package index's certificate. Ask who runs the network."
    elif _NO_NETWORK.search(output):
        why = (
            "The package index cannot be reached. Check the network; where only a mirror can be reached, "
            "name it with `pip config set global.index-url <address>`."
        )
    else:
        why = "The reason is in its last lines."
    words = [line.rstrip() for line in output.splitlines() if line.strip() and "Traceback" not in line]
    return "\n".join([f"{what} {why}", *(f"  {line[:300]}" for line in words[-5:])])


@contextmanager
def _only_one() -> Iterator[None]:
    """Let the second of two starts wait until the first has installed."""
    with (ROOT / "requirements.txt").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another installation of this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"\n{sentence}\n")
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = main(sys.argv[1:])
    except Refusal as refusal:
        code = _refuse(str(refusal))
    except OSError as error:
        code = _refuse(f"The environment could not be made: {error}")
    except KeyboardInterrupt:
        code = _refuse("Interrupted. The next start makes the environment again.")
    sys.exit(code)
