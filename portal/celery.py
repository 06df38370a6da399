"""Background work."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

from portal import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "audit-partitions": {"task": "audit.ensure_partitions", "schedule": crontab(hour="3", minute="10")},
    "usage-partitions": {"task": "cards.ensure_partitions", "schedule": crontab(hour="3", minute="15")},
    "appointments-holds": {"task": "appointments.expire_holds", "schedule": 15.0},
    "appointments-places": {"task": "appointments.return_places", "schedule": 5.0},
    "appointments-missed": {"task": "appointments.mark_missed", "schedule": crontab(minute="*/10")},
    "applications-sweep": {"task": "cards.sweep_applications", "schedule": 60.0},
    "kiosk-sessions": {"task": "cards.end_kiosk_sessions", "schedule": crontab(minute="*/5")},
    "batches-sweep": {"task": "cards.sweep_batches", "schedule": 30.0},
    "activations-end": {"task": "cards.end_activations", "schedule": crontab(minute="*/10")},
    "callbacks-sweep": {"task": "interop.sweep_callbacks", "schedule": 30.0},
    "webhooks-sweep": {"task": "interop.sweep_webhooks", "schedule": 5.0},
    "write-backs-sweep": {"task": "interop.sweep_write_backs", "schedule": 5.0},
    "hospitals-sweep": {"task": "interop.sweep_hospitals", "schedule": 30.0},
    "temporary-cards": {"task": "cards.end_temporary", "schedule": crontab(minute="*/15")},
    "queues-close": {"task": "appointments.close_queues", "schedule": crontab(hour="0", minute="40")},
    "coming-of-age": {"task": "identity.hand_over_adults", "schedule": crontab(hour="0", minute="20")},
    "invitations-expiry": {"task": "identity.expire_invitations", "schedule": crontab(minute="*/10")},
    "gateway-purge": {"task": "gateway.purge_idempotency", "schedule": crontab(hour="3", minute="20")},
    "accounts-purge": {"task": "accounts.purge", "schedule": crontab(minute="*/30")},
    "bills-expiry": {"task": "payments.expire_bills", "schedule": 20.0},
    "payments-ask": {"task": "payments.ask_channels", "schedule": 5.0},
    "bulk-refunds": {"task": "payments.resume_bulk_refunds", "schedule": 30.0},
    "channels-watch": {"task": "payments.watch_channels", "schedule": 300.0},
    "statements-import": {"task": "payments.import_statements", "schedule": crontab(minute="*/5")},
    "statements-again": {"task": "payments.reconcile_again", "schedule": crontab(minute="*/10")},
    "insurers-compare": {"task": "payments.compare_insured", "schedule": 60.0},
    "days-close": {"task": "payments.close_days", "schedule": crontab(minute="25")},
    "payments-watch": {"task": "payments.watch_money", "schedule": 60.0},
    "oidc-purge": {"task": "interop.purge_logins", "schedule": crontab(minute="35")},
    "upward-send": {"task": "cards.send_upward", "schedule": 30.0},
    "upward-balances-sweep": {"task": "cards.sweep_balances", "schedule": 60.0},
    "upward-balance": {"task": "cards.balance_upward", "schedule": crontab(hour="4", minute="30")},
    "nodes-greet": {"task": "interop.greet_nodes", "schedule": 60.0},
    "messages-remind": {"task": "notifications.remind", "schedule": 30.0},
    "messages-send": {"task": "notifications.send_due", "schedule": 5.0},
    "messages-sweep": {"task": "notifications.sweep", "schedule": 30.0},
    "messages-rebalance": {"task": "notifications.rebalance", "schedule": 60.0},
    "retention": {"task": "privacy.apply_retention", "schedule": crontab(hour="3", minute="50")},
    "events-purge": {"task": "events.purge", "schedule": crontab(hour="3", minute="30")},
}


if env.flag("DEMO"):
    app.conf.beat_schedule["demo-days"] = {"task": "appointments.roll_demo", "schedule": crontab(minute="5")}
    app.conf.beat_schedule["demo-channels"] = {"task": "payments.join_sandbox", "schedule": 10.0}


@setup_logging.connect  # Celery's own hook, the only way to keep its hands off the loggers
def configure_logging(**kwargs: object) -> None:
    """Log as the rest of the product does."""
    from django.conf import settings

    from portal import logs

    logs.configure(settings.LOGGING)
