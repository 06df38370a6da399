"""How the published schema describes the signature."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

_HEADERS = ("Client", "Key", "Timestamp", "Nonce", "Algorithm", "Signature")


class SignedClientScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """One security scheme per header; a call needs all of them."""

    target_class = "foundation.gateway.drf.SignedClient"
    name = [f"EHC-{name}" for name in _HEADERS]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """The headers of ``EHC1``; the signed text is described in docs/institutions/signing.md."""
        return [{"type": "apiKey", "in": "header", "name": name} for name in self.name]
