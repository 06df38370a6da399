"""What the developer sees and switches: pages at ``/``, the same as JSON below ``/console/api``."""

from starlette.routing import BaseRoute

from sandbox.console import alipay, api, his, insurance, pages, unionpay, weixinpay

routes: list[BaseRoute] = [
    *pages.routes,
    *his.routes,
    *insurance.routes,
    *weixinpay.routes,
    *alipay.routes,
    *unionpay.routes,
    *api.routes,
]
