"""Public medical insurance (医保): the mobile-payment centre, the core, and the page of permissions."""

from starlette.routing import BaseRoute

from sandbox.insurance import centre, core, permissions

routes: list[BaseRoute] = [*centre.routes, *core.routes, *permissions.routes]
