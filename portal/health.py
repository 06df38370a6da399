"""Is the process alive, and is it fit to serve?"""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from foundation.core import redis
from gmcrypto import keystore
from gmcrypto.errors import GmCryptoError


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Database migrated, Valkey there and, in the demo, the demo data loaded; else 503."""
    missing = [name for name, is_missing in _CHECKS.items() if is_missing()]
    return JsonResponse(
        {"status": "waiting" if missing else "ok", "missing": missing}, status=503 if missing else 200
    )


def _not_migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return True


def _no_keys() -> bool:
    try:
        keystore.check_ready()
    except GmCryptoError:
        return True
    return False


def _no_valkey() -> bool:
    try:
        return not redis.client().ping()
    except RedisError:
        return True


def _no_demo_data() -> bool:
    from portal import demo

    try:
        return settings.DEMO and not demo.is_loaded()
    except DatabaseError:
        return True


_CHECKS = {"migrations": _not_migrated, "keys": _no_keys, "valkey": _no_valkey, "demo data": _no_demo_data}
