"""WeChat's servers as a mini-program's and an official account's backend see them."""

from starlette.routing import BaseRoute

from sandbox.weixin import login, oauth, subscribe, tokens

routes: list[BaseRoute] = [*login.routes, *oauth.routes, *subscribe.routes, *tokens.routes]
