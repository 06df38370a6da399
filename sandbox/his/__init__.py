"""Hospitals' systems (HIS): they post events, answer what they are asked, and take messages."""

from starlette.routing import BaseRoute

from sandbox.his import inbox, interface

routes: list[BaseRoute] = [*interface.routes, *inbox.routes]
