"""Alipay's gateway, its cashier page, its notices and its statements."""

from starlette.routing import BaseRoute

from sandbox.alipay import bills, cashier, gateway

routes: list[BaseRoute] = [*gateway.routes, *cashier.routes, *bills.routes]
