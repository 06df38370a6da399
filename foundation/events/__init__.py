"""Inbox, outbox, relay: ``from foundation.events import services as events``."""
