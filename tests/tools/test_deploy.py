"""What `deploy/` says must be what the product reads and starts."""

import re
from pathlib import Path

from onboarding import files
from tools.launcher.plan import processes
from tools.launcher.ports import Ports
from tools.launcher.state import ROOT, State

DEPLOY = ROOT / "deploy"
# Switches of the demo and of development, which production leaves alone.
NOT_FOR_PRODUCTION = {"DEBUG", "DEMO", "PYTEST_XDIST_WORKER", "SANDBOX_URL"}
OF_THE_UNITS = {"WEB_WORKERS", "WEB_THREADS", "WORKER_PROCESSES"}


def _read_by_the_product() -> set[str]:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "portal").glob("*.py"))
    return set(re.findall(r'env\.(?:text|flag|number|words|networks)\(\s*"([A-Z_]+)"', text))


def _named_in_the_example() -> set[str]:
    return set(
        re.findall(r"^([A-Z_]+)=", (DEPLOY / "production.env.example").read_text("utf-8"), re.MULTILINE)
    )


def test_the_example_names_every_variable_and_no_other() -> None:
    assert _named_in_the_example() - OF_THE_UNITS == _read_by_the_product() - NOT_FOR_PRODUCTION


def test_there_is_a_unit_for_every_process_with_the_same_program() -> None:
    planned = {
        command.name: command.argv
        for command in processes(State(Path("/nowhere")), Ports(8000, 8001, 8020), {})
    }
    units = {
        path.stem.removeprefix("ehc-").removesuffix("@"): path
        for path in (DEPLOY / "systemd").glob("ehc-*.service")
    }
    assert units.keys() == planned.keys()
    for name, unit in units.items():
        line = re.search(r"^ExecStart=\S+ (.+)$", unit.read_text("utf-8"), re.MULTILINE)
        assert line is not None
        said, wanted = line[1].split(), planned[name]
        # The program and what it serves are the same; options differ with the size of the installation.
        assert said[:2] == list(wanted[1:3])
        assert {word for word in wanted if word.startswith("portal.")} <= set(said)
        assert {word for word in wanted if word in ("worker", "beat", "relay")} <= set(said)


def test_every_queue_has_a_worker_of_its_own() -> None:
    argv = _planned("worker")
    queues = argv[argv.index("--queues") + 1].split(",")
    assert "--queues %i " in _unit("worker@")
    enabled = re.findall(r"\behc-worker@(\w+)", (DEPLOY / "README.md").read_text("utf-8"))
    assert sorted(enabled) == sorted(queues)


def _planned(name: str) -> tuple[str, ...]:
    planned = processes(State(Path("/nowhere")), Ports(8000, 8001, 8020), {})
    return next(tuple(command.argv) for command in planned if command.name == name)


def _unit(name: str) -> str:
    return (DEPLOY / "systemd" / f"ehc-{name}.service").read_text("utf-8")


def test_the_socket_takes_no_frame_that_is_much_larger_than_a_ticket() -> None:
    option = "--ws-max-size 4096"
    assert option in " ".join(_planned("socket"))
    assert option in _unit("socket")


def _proxy() -> str:
    return (DEPLOY / "nginx.conf").read_text("utf-8")


def _logged(uri: str) -> str:
    """What the proxy's map makes of an address; regular expressions are tried in their order."""
    table = re.search(r"^map \$uri \$ehc_path \{(.+?)^\}", _proxy(), re.MULTILINE | re.DOTALL)
    assert table is not None
    for pattern, shown in re.findall(r'^ +"?~([^\s"]+)"? (\S+);', table[1], re.MULTILINE):
        if re.search(pattern.removeprefix("*"), uri, re.IGNORECASE if pattern.startswith("*") else 0):
            return str(shown)
    return uri


def test_the_log_of_the_proxy_holds_no_card_number() -> None:
    card = "0123456789abcdef" * 4
    assert _logged(f"/api/v1/cards/{card}/codes") == "/api/v1/cards/*"
    assert card.upper() not in _logged(f"/elsewhere/{card.upper()}")
    assert _logged("/api/v1/codes/verify") == "/api/v1/codes/verify"
    formats = re.findall(r"^log_format ehc '(.+)';", _proxy(), re.MULTILINE)
    assert len(formats) == 1
    assert not re.search(r"\$(uri|request|request_uri|args|document_uri|http_referer)\b", formats[0])
    servers = _proxy().count("\nserver {")
    assert _proxy().count("access_log /var/log/nginx/ehc.log ehc;") == servers
    # What nginx says of an error below this level quotes the request's first line.
    assert _proxy().count("error_log /var/log/nginx/ehc-error.log crit;") == servers


def test_no_server_writes_an_access_log_of_its_own() -> None:
    for name in ("web", "socket"):
        assert "--no-access-log" in _planned(name)
        assert "--no-access-log" in _unit(name)


def test_the_limit_per_address_is_that_of_pages_alone() -> None:
    locations = dict(re.findall(r"^    location (?:= )?(\S+) \{([^{}]+)\}", _proxy(), re.MULTILINE))
    assert {"/api/", "/rest/"} <= locations.keys()
    assert [path for path, body in locations.items() if "limit_req " in body] == ["/"]


def test_what_opens_something_by_its_address_is_not_in_the_proxys_log() -> None:
    token = "b9pm4qrs6ptsy9482anpe8d29jjk14m7"
    for path in ("/invitation/", "/open/scan/", "/open/verify/", "/pay/for/"):
        assert token not in _logged(f"{path}{token}/")
    assert token not in _logged(f"/api/v1/slips/{token}")
    for rest in ("", "/payments"):
        assert token not in _logged(f"/api/resident/v1/pay-links/{token}{rest}")
    assert _logged("/invitation/") == "/invitation/"


def test_the_proxy_lets_documents_through_that_the_product_takes() -> None:
    block = re.search(r"location ~ \^/\(join/document/.+?\{(.+?)\}", _proxy(), re.DOTALL)
    assert block is not None
    size = re.search(r"client_max_body_size (\d+)m;", block[1])
    assert size is not None
    assert int(size[1]) * 1024 * 1024 > files.MAX_BYTES
