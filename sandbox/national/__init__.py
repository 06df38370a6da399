"""The national card centre (国家卡管): answers from its record, routes by EHCAPPID, takes reports."""

from sandbox.national.calls import routes

__all__ = ["routes"]
