"""The door for institutions' systems."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Clients, keys, signatures, nonces, throttles, idempotency, problem+json."""

    name = "foundation.gateway"
    label = "gateway"
    verbose_name = "接入管理"

    def ready(self) -> None:
        """Make the signature known to the schema generator, which finds extensions by import."""
        from foundation.gateway import schema  # noqa: F401
