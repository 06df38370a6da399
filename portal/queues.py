"""Which queue each background task waits in, by the tasks' own names.

What asks outside systems must not hold up the work of our own, nor a long list of such questions the
one whose answer somebody waits for. ``deploy/`` gives each queue a worker of its own; the demo has one
worker for all of them.
"""

# Questions to outside systems that somebody waits for in front of a page.
ATTENDED = (
    "accounts.send_code",
    "cards.check_application",
    "payments.ask_attempt",
    "payments.launch_attempt",
    "payments.work_insurance",
)

# Questions to outside systems that nobody waits for.
OUTSIDE = (
    "cards.balance_asked",
    "cards.balance_upward",
    "cards.send_upward",
    "cards.work_batch",
    "interop.ask_patient_number",
    "interop.fetch_documents",
    "interop.fetch_invoices",
    "interop.greet_nodes",
    "interop.pull_events",
    "interop.pull_system",
    "interop.send_callback",
    "interop.send_webhook",
    "interop.send_webhooks",
    "interop.sweep_hospitals",
    "interop.write_back",
    "notifications.send_due",
    "payments.carry_out_return",
    "payments.compare_order",
    "payments.fetch_statement",
    "payments.join_sandbox",
    "payments.send_redirect",
    "payments.send_refund",
)

# Whatever stands in neither goes to "default".
ROUTES = {task: {"queue": "attended"} for task in ATTENDED} | {task: {"queue": "outside"} for task in OUTSIDE}
