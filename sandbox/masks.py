"""What of a request may stand in the request log: names of things, never who they are about."""

from collections.abc import Mapping

_PLAIN = {
    "request_id", "id_type", "template", "template_id", "grant_type", "scope", "type", "appid",
    "response_type", "force_refresh", "miniprogram_state", "lang", "issuer", "detail", "batch_id", "kind",
    "day", "node_id", "aggregate", "after", "from", "to", "out_trade_no", "out_refund_no", "bill_date",
    "payment_id", "bill_no",
    "method", "app_id",
}  # fmt: skip


def _middle(value: str) -> str:
    return value[:3] + "*" * max(1, len(value) - 7) + value[-4:] if len(value) > 7 else "*" * len(value)


def summary(fields: Mapping[str, object]) -> str:
    """The fields that help to find a call, with personal ones masked and all others left out."""
    parts = []
    for name, value in fields.items():
        if name in _PLAIN and isinstance(value, str | bool):
            parts.append(f"{name}={str(value)[:40]}")
        elif name in {"phone", "id_number"} and isinstance(value, str):
            parts.append(f"{name}={_middle(value[:40])}")
        elif name == "name" and isinstance(value, str):
            parts.append(
                f"name={'*' * max(1, len(value[:40]) - 1)}{value[:40][-1:] if len(value) > 1 else ''}"
            )
    return " ".join(parts)
