"""``DATABASE_URL`` as Django's dictionary, and ``REDIS_URL`` for tests side by side."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit


def parse(url: str, *, connection_age: int) -> dict[str, Any]:
    """Read ``postgres://user:password@host:port/name?host=/socket/folder``.

    Raises:
        ValueError: If the scheme is not PostgreSQL's; there is one engine everywhere.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must begin with postgres://; PostgreSQL is the only engine")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": connection_age,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c timezone=UTC -c statement_timeout=30000", **query},
    }


def redis_of_process(url: str, worker: str) -> str:
    """The address with a database of its own for a test process named ``gw0``, ``gw1`` ...

    The database that the address names stays with a test process that runs alone.
    """
    if not worker:
        return url
    address, _, query = url.partition("?")
    options = dict(parse_qsl(query))
    in_path = "" if address.startswith("unix:") else urlsplit(address).path.strip("/")
    given = int(options.pop("db", in_path) or 0)
    return f"{address}?{urlencode({'db': given + 1 + int(worker.removeprefix('gw')), **options})}"
