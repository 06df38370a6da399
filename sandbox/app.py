"""The sandbox's ASGI application: ``uvicorn sandbox.app:app`` or ``python -m sandbox``."""

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from redis.asyncio import BlockingConnectionPool, Redis
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import (
    alipay,
    config,
    console,
    face,
    his,
    insurance,
    national,
    population,
    scanning,
    sms,
    unionpay,
    weixin,
    weixinpay,
)
from sandbox.store import Store

# A batch of reports, sealed.
LARGEST_BODY_BYTES = 1_048_576


class LocalOnly:
    """Serve this machine only, and let no foreign page press the console's buttons."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what this machine asks; refuse the rest."""
        if scope["type"] == "http":
            reason = self._objection(Request(scope))
            if reason:
                await JSONResponse({"code": "not_allowed", "message": reason}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    @staticmethod
    def _objection(request: Request) -> str:
        if request.client is not None and not _is_loopback(request.client.host):
            return "The sandbox serves only the machine that it runs on."
        origin = request.headers.get("origin", "")
        if request.method != "GET" and origin and urlsplit(origin).netloc != request.headers.get("host", ""):
            return "The console takes orders only from its own pages."
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def health(request: Request) -> Response:
    """Whether the process answers and has its state."""
    await request.app.state.store.ping()
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    codes = {404: "not_found", 405: "method_not_allowed"}
    message = "There is nothing here." if status == 404 else "This call is not possible here."
    return JSONResponse({"code": codes.get(status, "refused"), "message": message}, status)


def build() -> Starlette:
    """The application with the settings of this process.

    Raises:
        config.SandboxRefuses: Outside the demo and the tests.
    """
    settings = config.load()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What is told to a product that is away piles up, and waits for a connection instead of being lost.
        pool = BlockingConnectionPool.from_url(
            settings.redis_url, max_connections=50, timeout=60, socket_timeout=5, socket_connect_timeout=3
        )
        client = Redis.from_pool(pool)
        app.state.config = settings
        app.state.store = Store(client, settings.prefix)
        # The national centre passes questions on to other centres, and hospitals tell the product what
        # happens, also while it is killed: connections that break then would fill a pool in the end.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        app.state.http = httpx.AsyncClient(trust_env=False, timeout=10, limits=limits)
        yield
        await app.state.http.aclose()
        await client.aclose()

    return Starlette(
        routes=[
            Route("/health", health, methods=["GET"]),
            *console.routes,
            *sms.routes,
            *population.routes,
            *face.routes,
            *weixin.routes,
            *weixinpay.routes,
            *national.routes,
            *his.routes,
            *alipay.routes,
            *unionpay.routes,
            *scanning.routes,
            *insurance.routes,
        ],
        middleware=[Middleware(LocalOnly)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
        max_body_size=LARGEST_BODY_BYTES,
    )


app = build()
