"""Commands are called by names, and say who acts."""

import ast
from collections.abc import Iterator

from tests.architecture.source import ROOMS, Source, sources

WRITES = {"create", "bulk_create", "save", "delete", "record", "record_many", "publish", "publish_many"}
# What is called by place, and why.
BY_PLACE = {
    "cards.services.binding.is_bound": "a question",
    "cards.services.issue.live_card": "a question",
    "cards.services.registration.check_particulars": "a check of one thing",
    "foundation.audit.services.record": "the action comes first, everywhere",
    "foundation.audit.services.record_many": "takes one list",
    "foundation.audit.services.subject_of": "a pure function of one thing",
    "foundation.events.services.publish": "takes one event",
    "foundation.events.services.publish_many": "takes one list",
    "identity.services.family.dependants_relation": "a check of one thing",
    "identity.services.family.require_guardian": "a question",
    "notifications.services.replaying.is_replayable": "a question",
    "identity.services.holdings.second_proof_holds": "a question, called through a setting by the accounts",
    "institutions.services.require": "a question",
    "mpi.services.anchors.hold": "takes one person",
    "institutions.services.require_of_staff": "a question",
    "payments.services.asking.hear_payment": "takes what was said, and of what",
    "payments.services.asking.may_ask_now": "a question",
    "payments.services.asking.wake_attempt": "takes one payment",
    "payments.services.asking.notify_url": "a pure function of one thing",
    "payments.services.channels.merchant_of": "a pure function of one thing",
    "payments.services.insuring.beginning.insurer_setup_of": "a question",
    "payments.services.insuring.beginning.own_channels": "a question",
    "payments.services.insuring.beginning.start_own": "takes one settlement, which its caller holds",
    "payments.services.insuring.hearing.ask_again": "takes one order, which its caller holds",
    "payments.services.insuring.hearing.end_order": "takes one order, which its caller holds",
    "payments.services.insuring.hearing.fail_order": "takes one order, which its caller holds",
    "payments.services.insuring.hearing.hear_insurer": "takes what was said, and of what",
    "payments.services.insuring.hearing.hold_order": "takes one order",
    "payments.services.insuring.merging.look_at_merged": "a question",
    "payments.services.insuring.merging.merged": "takes one payment with its order and its launch",
    "payments.services.insuring.merging.tell_returned": "takes one order",
    "payments.services.insuring.orders.ask_insurer": "a question",
    "payments.services.insuring.orders.compare_time": "a pure function of one thing",
    "payments.services.insuring.orders.asking_of": "a pure function of one thing",
    "payments.services.insuring.orders.claim_of": "a question",
    "payments.services.insuring.orders.find_order": "a question",
    "payments.services.insuring.orders.insurer_of_order": "a pure function of one thing",
    "payments.services.insuring.orders.split_of": "a pure function of one thing",
    "payments.services.insuring.orders.uploaded_of": "a pure function of one thing",
    "payments.services.insuring.returning.goes_after": "a question",
    "payments.services.insuring.returning.return_insured": "takes one refund and who gives it back",
    "payments.services.insuring.setups.keys_of": "a pure function of one thing",
    "payments.services.insuring.setups.merchant_of_setup": "a pure function of one thing",
    "payments.services.insuring.setups.notify_url_of": "a pure function of one thing",
    "payments.services.online.offered": "a question",
    "payments.services.online.start_online": "takes one settlement, which its caller holds",
    "payments.services.refunds.find_refund": "a question",
    "payments.services.refunds.give_back": "takes one refund, which its caller has found",
    "payments.services.returning.hear_refund": "takes what was said, and of what",
    "payments.services.returning.wake_refund": "takes one refund",
    "payments.services.settling.arrived": "a question",
    "payments.services.settling.end_undoing": "takes one settlement, which its caller holds",
    "payments.services.settling.hold": "takes one payment",
    "payments.services.settling.hold_of_bill": "takes one bill",
    "payments.services.settling.plan": "takes one settlement, which its caller holds",
    "payments.services.settling.reduction": "a pure function of one thing",
    "payments.services.settling.take": "takes one payment, whose settlement its caller holds",
    "payments.services.settling.undo": "takes one settlement, which its caller holds",
    "payments.services.settling.wake_insurer": "takes one settlement",
    "mpi.services.anchors.lock_cluster": "takes one person",
    "mpi.services.anchors.take_on": "takes one person",
    "payments.services.asking.sure_payment": "a question",
    "payments.services.returning.sure_refund": "a question",
    "payments.services.redirecting.can_redirect": "a question",
    "payments.services.redirecting.is_insured": "a question",
    "payments.services.returning.order_of": "a question",
    "payments.services.watching.troubles": "a question",
}
# What writes without being told who acts, and why.
NO_ACTOR = {
    "appointments.services.queues.close_old_queues": "the clock acts",
    "cards.services.application.save_answers": "a draft is its owner's notes; handing it in is recorded",
    "cards.services.application.open_draft": "a draft is its owner's notes; handing it in is recorded",
    "cards.services.review.check_submitted": "the worker acts, as the system",
    "cards.services.scanning.start_scan": "the client that calls is the one who acts",
    "cards.services.review.waiting_checks": "the worker acts, as the system",
    "cards.services.channels.name_channels": "gives names of the product their rows; decides nothing",
    "cards.services.claims.end_claim": "erases what somebody typed; the claim and its success are recorded",
    "foundation.accounts.services.give_second_proof": "acts for the account of the request",
    "foundation.accounts.services.set_preferences": "what somebody likes is no matter of record",
    "foundation.events.services.publish": "an event tells what somebody was recorded to have done",
    "foundation.events.services.receive": "stores what came in; the gateway knows from whom",
    "foundation.events.services.wake": "no row changes: it wakes the relay",
    "payments.services.balances.arrive": "a step of a payment, whose command says who acts",
    "payments.services.balances.keep_after_all": "a step of a payment, whose command says who acts",
    "payments.services.balances.put_back": "a step of a payment, whose command says who acts",
    "payments.services.balances.spend": "a step of a payment, whose command says who acts",
    "identity.services.checks.attach_person": "completes evidence that was recorded",
    "interop.nodes.services.note_health": "whether a centre answered is no act of anybody",
    "identity.services.invitations.check_invitation_code": "counts a try; what it opens is recorded",
    "identity.services.invitations.expire_invitations": "the clock acts",
    "identity.services.orders.begin_face_check": "the person before the page acts, and has no account",
    "mpi.services.sources.link_source_record": "part of a registration, which is recorded",
    "notifications.services.grants.empty": "WeChat says it; what somebody likes is no matter of record",
    "notifications.services.grants.give_back": "the worker acts, as the system",
    "notifications.services.grants.note_answer": "WeChat says it; what somebody likes is no matter of record",
    "notifications.services.inbox.follow_holding": "follows what identity recorded",
    "notifications.services.inbox.mark_all_read": "reading one's own message is no matter of record",
    "notifications.services.inbox.mark_read": "reading one's own message is no matter of record",
    "notifications.services.outsiders.tell_contacts": "called by handlers of recorded events",
    "notifications.services.outcomes.fall_back": "the worker acts, as the system",
    "notifications.services.planning.plan": "called by handlers of recorded events",
    "notifications.services.receipts.note_receipt": "the carrier says it, and its signature was checked",
    "notifications.services.reminders.plan_reminders": "called by handlers of recorded events",
    "notifications.services.sending.sweep": "the worker acts, as the system",
    "records.services.documents.hold_document": "stores what came in; the gateway knows from whom",
    "records.services.printing.print_report": "the client that calls is the one who acts",
    "notifications.services.suppliers.note_error": "the worker acts, as the system",
    "notifications.services.suppliers.rebalance": "the clock acts",
    "payments.services.adjusting.due_returns": "the worker acts, as the system",
    "payments.services.asking.due_attempts": "the worker acts, as the system",
    "payments.services.asking.wake_attempt": "no row of money changes: it brings a question forward",
    "payments.services.bills.expire_bills": "the clock acts",
    "payments.services.posting.ask_again": "the worker acts, as the system",
    "payments.services.posting.due_write_backs": "the worker acts, as the system",
    "payments.services.posting.move": "its callers record who decided",
    "payments.services.posting.remind": "the worker acts, as the system",
    "payments.services.posting.stop_telling": "the worker acts, as the system",
    "payments.services.insuring.hearing.end_order": "the worker acts, as the insurers",
    "payments.services.insuring.hearing.fail_order": "the worker acts, as the insurers",
    "payments.services.insuring.hearing.hear_insurer": "the worker acts, as the insurers",
    "payments.services.insuring.merging.merged": "the channel says it, to a payment that was recorded",
    "payments.services.insuring.merging.tell_returned": "follows what was recorded of its refunds",
    "payments.services.online.end_launching": "the worker acts, as the system",
    "payments.services.online.note_launch": "the channel says it, to a payment that was recorded",
    "payments.services.returning.due_refunds": "the worker acts, as the system",
    "payments.services.returning.wake_refund": "no row of money changes: it brings a question forward",
    "payments.services.settling.plan": "its caller records what the insurer said",
    "payments.services.settling.wake_insurer": "no row of money changes: it brings a question forward",
    "payments.services.statements.due_statements": "the worker acts, as the system",
    "payments.services.statements.plan_statements": "the clock acts",
    "payments.services.settling.end_undoing": "follows what was recorded of its payments and refunds",
    "payments.services.bulk.run_bulk_refund": "the worker acts, as the system",
    "payments.services.redirecting.send_redirect": "the worker acts, as the system",
}


def commands() -> Iterator[tuple[Source, ast.FunctionDef]]:
    for source in sources():
        parts = source.module.removeprefix(source.room).split(".")
        if "services" in parts:
            for node in source.tree.body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield source, node


def name_of(source: Source, function: ast.FunctionDef) -> str:
    return f"{source.module}.{function.name}"


def test_commands_take_their_arguments_by_name() -> None:
    found = {
        name_of(source, function)
        for source, function in commands()
        if [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        not in ([], ["request"])
    }
    assert found == set(BY_PLACE)


def test_commands_that_write_say_who_acts() -> None:
    found = {
        name_of(source, function)
        for source, function in commands()
        if writes(function) and "actor" not in [argument.arg for argument in function.args.kwonlyargs]
    }
    assert found == set(NO_ACTOR)
    assert all((*BY_PLACE.values(), *NO_ACTOR.values()))


def test_every_room_with_tables_has_commands() -> None:
    rooms = {source.room for source, _function in commands()}
    assert {"cards", "identity", "mpi", "institutions", "notifications", "foundation.accounts"} <= rooms
    assert rooms <= set(ROOMS)


def writes(function: ast.FunctionDef) -> bool:
    """Whether the function changes rows, or reports a change, in its own body."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_write(node.func)
        for node in ast.walk(function)
    )


def _is_write(called: ast.Attribute) -> bool:
    if called.attr in WRITES:
        return True
    return called.attr == "update" and isinstance(called.value, ast.Call)
