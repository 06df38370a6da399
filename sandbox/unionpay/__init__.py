"""UnionPay's gateway for merchants (5.1.0), its codes, its notices and its files."""

from starlette.routing import BaseRoute

from sandbox.unionpay import cashier, files, gateway

routes: list[BaseRoute] = [*gateway.routes, *cashier.routes, *files.routes]
