"""What the sandbox is told from outside: the environment, else ``var/run.env``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RUN_FILE = Path(__file__).resolve().parent.parent / "var" / "run.env"
YES = {"1", "true", "yes", "on"}
# Where a browser may be sent back to after the WeChat page; others are named in the environment.
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1", "testserver")


class SandboxRefuses(SystemExit):
    """The sandbox will not start; the text says why."""


@dataclass(frozen=True)
class Config:
    """Settings of one sandbox process."""

    redis_url: str
    prefix: str
    port: int
    sms_key: str
    sms2_key: str
    portal: str
    push_token: str
    push_key: str
    population_app: str
    population_key: str
    face_app: str
    face_key: str
    mini_appid: str
    mini_secret: str
    official_appid: str
    official_secret: str
    national_code: str
    payment_pace: float
    redirect_hosts: tuple[str, ...]

    @property
    def weixin_apps(self) -> Mapping[str, str]:
        """The secret of each WeChat application by its appid."""
        return {self.mini_appid: self.mini_secret, self.official_appid: self.official_secret}


def _run_file() -> dict[str, str]:
    if os.environ.get("EHC_IGNORE_RUN_FILE") or not RUN_FILE.is_file():
        return {}
    pairs = (line.partition("=") for line in RUN_FILE.read_text("utf-8").splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs if not name.startswith("#")}


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 1:
        raise SandboxRefuses("SANDBOX_PAYMENT_PACE is between 0 and 1: by it the pauses are multiplied.")
    return pace


def load() -> Config:
    """Read the settings.

    Raises:
        SandboxRefuses: Outside the demo and the tests, or if there is no Valkey to keep state in.
    """
    values = {**_run_file(), **os.environ}
    if not {values.get("DEMO", "").lower(), values.get("SANDBOX_ALLOW", "").lower()} & YES:
        raise SandboxRefuses(
            "The sandbox plays outside systems with invented people and starts only in the demo: set DEMO=1."
        )
    if not values.get("REDIS_URL"):
        raise SandboxRefuses("The sandbox keeps its state in Valkey: set REDIS_URL, or use `make run`.")
    port = values.get("SANDBOX_PORT", "8020")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SandboxRefuses("SANDBOX_PORT must be a port number between 1 and 65535.")
    extra_hosts = tuple(
        host.strip() for host in values.get("SANDBOX_REDIRECT_HOSTS", "").split(",") if host.strip()
    )
    return Config(
        redis_url=values["REDIS_URL"],
        prefix=values.get("SANDBOX_PREFIX", "sandbox"),
        port=int(port),
        sms_key=values.get("SMS_KEY", "sandbox-sms-key"),
        sms2_key=values.get("SMS2_KEY", "sandbox-sms2-key"),
        portal=values.get("BASE_URL", "").rstrip("/"),
        push_token=values.get("WEIXIN_PUSH_TOKEN", "sandboxpushtoken"),
        push_key=values.get("WEIXIN_PUSH_KEYS", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").split(",")[0],
        population_app=values.get("POPULATION_APP_ID", "sandbox-centre"),
        population_key=values.get("POPULATION_KEY", "sandbox-population-key"),
        face_app=values.get("FACE_APP_ID", "sandbox-centre"),
        face_key=values.get("FACE_KEY", "sandbox-face-key"),
        mini_appid=values.get("WEIXIN_MINI_APPID", "wxmini0000000demo"),
        mini_secret=values.get("WEIXIN_MINI_SECRET", "sandbox-mini-secret"),
        official_appid=values.get("WEIXIN_OFFICIAL_APPID", "wxoffi0000000demo"),
        official_secret=values.get("WEIXIN_OFFICIAL_SECRET", "sandbox-official-secret"),
        payment_pace=_pace(values.get("SANDBOX_PAYMENT_PACE", "0.02")),
        national_code=values.get("NATIONAL_ENROLMENT_CODE", "sandbox-enrolment"),
        redirect_hosts=LOCAL_HOSTS + extra_hosts,
    )
