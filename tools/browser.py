"""A browser and a Chinese font for the tests: found, or installed."""

import os
import shutil
import subprocess
import sys
from typing import Final

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGES: Final = ("chromium", "fonts-noto-cjk")
_BY_HAND: Final = "apt-get install -y --no-install-recommends"


class Missing(Exception):
    """The tests cannot see pages; the text is a sentence that says what to install."""


def provide() -> None:
    """Install a Chromium and a Chinese font if there is none.

    Raises:
        Missing: If no way leads to a browser, or Chinese would be shown as empty boxes.
    """
    browser = find()
    wanted = [] if browser else ["chromium"]
    wanted += [] if has_chinese_font() else ["fonts-noto-cjk"]
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt(wanted)
        browser = find()
    if not has_chinese_font():
        raise Missing(
            "There is no Chinese font, so every picture would show empty boxes. As root: "
            f"{_BY_HAND} fontconfig fonts-noto-cjk"
        )
    if not browser:
        _download()


def find() -> str:
    """Return the path of the system's Chromium; nothing where Playwright brings its own."""
    return next((path for name in _NAMES if (path := shutil.which(name))), "")


def has_chinese_font() -> bool:
    """Tell whether the system has a font with Chinese characters."""
    if not shutil.which("fc-list"):
        return False
    answer = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip())


def _apt(packages: list[str]) -> None:
    _say(f"installing {' and '.join(packages)} from Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-qq", *packages]
    for command in (install, ["apt-get", "update", "-qq"], install):
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if command is install and answer.returncode == 0:
            return
    _say(f"apt-get could not install them: {(answer.stderr or answer.stdout).strip()[-300:]}")


def _download() -> None:
    _say("the system has no Chromium; trying Playwright's own")
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    answer = subprocess.run(playwright, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        start = (
            "from playwright.sync_api import sync_playwright as p\nwith p() as b: b.chromium.launch().close()"
        )
        answer = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    if answer.returncode:
        last = "\n  ".join((answer.stderr or answer.stdout).strip().splitlines()[-4:])
        raise Missing(
            "There is no browser for the tests: the system has no Chromium, and Playwright's own could not "
            f"be installed or started. As root: {_BY_HAND} {' '.join(_PACKAGES)}\n  {last}"
        )


def _say(text: str) -> None:
    sys.stdout.write(f"   {text}\n")
    sys.stdout.flush()
