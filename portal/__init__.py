"""The composition root: settings, routes, wiring, home page.

Celery's application is loaded with Django, so that a task sent from a web process uses it.
"""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
