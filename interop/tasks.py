"""Background work of the dialects, and towards other card centres."""

from celery import shared_task

from interop.nodes import joining, selectors, services


@shared_task(name="interop.send_callback")
def send_callback(public_id: str) -> bool:
    """Send a notice that an institution asked for."""
    from interop.dialects.tencent import callbacks

    return callbacks.send(public_id)


@shared_task(name="interop.sweep_callbacks")
def sweep_callbacks() -> int:
    """Send what is due again, and what a worker left behind."""
    from interop.dialects.tencent import callbacks

    waiting = callbacks.due()
    for public_id in waiting:
        send_callback.delay(public_id)
    return len(waiting)


@shared_task(name="interop.send_webhook")
def send_webhook(public_id: str) -> bool:
    """Post a message to an institution's address."""
    from interop.webhooks import outgoing

    return outgoing.send(public_id)


@shared_task(name="interop.send_webhooks")
def send_webhooks(public_ids: list[str]) -> int:
    """Post some messages to an institution's address."""
    from interop.webhooks import outgoing

    return outgoing.send_many(public_ids)


@shared_task(name="interop.sweep_webhooks")
def sweep_webhooks() -> int:
    """Post what is due again, and what a worker left behind."""
    from interop.webhooks import outgoing

    waiting = outgoing.due()
    for public_id in waiting:
        send_webhook.delay(public_id)
    return len(waiting)


@shared_task(name="interop.greet_nodes")
def greet_nodes() -> int:
    """Ask every centre whether it is there; a demo joins the sandbox first.

    Returns:
        How many answered.
    """
    joining.join_sandbox()
    return sum(services.greet(row=node) for node in selectors.active_nodes())
