"""WeChat Pay as a merchant's server, a payer and the merchant's bookkeeper see it."""

from starlette.routing import BaseRoute

from sandbox.weixinpay import bills, cashier, certificates, mixed, orders, refunds

routes: list[BaseRoute] = [
    *certificates.routes,
    *orders.routes,
    *refunds.routes,
    *bills.routes,
    *mixed.routes,
    *cashier.routes,
]
