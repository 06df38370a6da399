"""The signing keys for the settings, which are read before there are any models."""

from django.utils.functional import lazy


def _active() -> str:
    from interop.oidc import keys

    return keys.active_pem()


def _retired() -> list[str]:
    from interop.oidc import keys

    return keys.retired_pems()


active_pem = lazy(_active, str)
retired_pems = lazy(_retired, list)
