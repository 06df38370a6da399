"""Background work of the payments room."""

from celery import shared_task

from payments.reconciliation.rules import CLOSED
from payments.services import (
    adjusting,
    asking,
    bills,
    bulk,
    closing,
    reconciling,
    reconciling_now,
    redirecting,
    returning,
    statements,
    watching,
)
from payments.services.differences import MATCHING
from payments.services.insuring import asking as insurers
from payments.services.insuring import comparing


@shared_task(name="payments.expire_bills")
def expire_bills() -> int:
    """End bills that nobody paid in time, a batch at a time."""
    ended = last = bills.expire_bills()
    while last == bills.BATCH:
        last = bills.expire_bills()
        ended += last
    return ended


@shared_task(name="payments.launch_attempt")
def launch_attempt(attempt: str) -> None:
    """Ask the channel to take money: somebody waits on the page."""
    asking.launch_attempt(attempt=attempt)


@shared_task(name="payments.ask_attempt")
def ask_attempt(attempt: str) -> None:
    """Ask what became of one payment: somebody waits on the page."""
    asking.ask_attempt(attempt=attempt)


@shared_task(name="payments.ask_channels")
def ask_channels() -> int:
    """Ask about every payment, refund and order at an insurer whose time has come, each by itself."""
    payments, refunds, orders = asking.due_attempts(), returning.due_refunds(), insurers.due_orders()
    for attempt in payments:
        ask_attempt.delay(attempt)
    for refund in refunds:
        send_refund.delay(refund)
    for order in orders:
        work_insurance.delay(order)
    return len(payments) + len(refunds) + len(orders)


@shared_task(name="payments.work_insurance")
def work_insurance(order: str) -> None:
    """Do what comes next for an order at its insurer: somebody may wait on the page."""
    insurers.work_order(order=order)


@shared_task(name="payments.send_refund")
def send_refund(refund: str) -> None:
    """Ask the channel to give one refund back, or how far it is."""
    returning.send_refund(refund=refund)


@shared_task(name="payments.join_sandbox")
def join_sandbox() -> int:
    """In a demo: set up the channels and the insurer that the sandbox, or the product, does not have yet."""
    from payments import joining, joining_insurer

    return joining.join_sandbox() + joining_insurer.join_insurer()


@shared_task(name="payments.send_redirect")
def send_redirect(redirect: str) -> None:
    """Ask the channel to send an abnormal refund elsewhere."""
    redirecting.send_redirect(redirect=redirect)


@shared_task(name="payments.run_bulk_refund")
def run_bulk_refund(run: str) -> int:
    """Work through a list of bills that are given back; a long one in several tasks."""
    done = bulk.run_bulk_refund(bulk=run)
    if run in bulk.due_bulk_refunds():
        run_bulk_refund.delay(run)
    return done


@shared_task(name="payments.resume_bulk_refunds")
def resume_bulk_refunds() -> int:
    """Go on with lists whose worker is gone."""
    waiting = bulk.due_bulk_refunds()
    for run in waiting:
        run_bulk_refund.delay(run)
    return len(waiting)


@shared_task(name="payments.watch_channels")
def watch_channels() -> int:
    """Warn of channels that are in trouble."""
    return watching.watch_channels()


@shared_task(name="payments.import_statements")
def import_statements() -> int:
    """Have every channel asked for the statements that it should have by now."""
    statements.plan_statements()
    due = statements.due_statements()
    for file in due:
        fetch_statement.delay(file)
    return len(due)


@shared_task(name="payments.fetch_statement")
def fetch_statement(file: str) -> None:
    """Ask a channel for its statement of one day, and compare it."""
    if statements.fetch_statement(file=file) in CLOSED:
        reconciling.reconcile_file(file=file, actor=MATCHING)


@shared_task(name="payments.reconcile_file")
def reconcile_file(file: str) -> None:
    """Compare a statement that was handed in."""
    reconciling.reconcile_file(file=file, actor=MATCHING)


@shared_task(name="payments.reconcile_again")
def reconcile_again() -> int:
    """Compare the days anew that have differences, since what they lacked may be there by now."""
    files = reconciling.files_with_differences()
    for file in files:
        reconcile_file.delay(file)
    return len(files)


@shared_task(name="payments.watch_money")
def watch_money() -> int:
    """Find and heal what needs no statement to be known."""
    for difference in adjusting.due_returns():
        carry_out_return.delay(difference)
    outcome = reconciling_now.reconcile_now(actor=MATCHING)
    return outcome.found + outcome.healed


@shared_task(name="payments.carry_out_return")
def carry_out_return(difference: str) -> None:
    """Have a channel send money in suspense back, as was decided."""
    adjusting.carry_out_return(difference=difference, actor=MATCHING)


@shared_task(name="payments.compare_insured")
def compare_insured() -> int:
    """Have insurers asked for the orders whose day is over."""
    due = comparing.due_comparisons()
    for order in due:
        compare_order.delay(order)
    return len(due)


@shared_task(name="payments.compare_order")
def compare_order(order: str) -> None:
    """Ask an insurer whether it says of one order what we say."""
    comparing.compare_order(order=order, actor=MATCHING)


@shared_task(name="payments.close_days")
def close_days() -> int:
    """Close the days of which everybody has said what they will say."""
    return closing.close_days(actor=MATCHING)
