"""Secrets that follow from others."""

import gmcrypto


def national_app_secret(app_id: str, system_key: str) -> str:
    """The appSecret of the national SDK: upper hex of SM3 over the appId and the system key."""
    return gmcrypto.sm3((app_id + system_key).encode()).hex().upper()
