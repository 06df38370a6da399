"""Whether the books hold: every rule as one question to the database, whose answer is what breaks it.

Constraints and triggers keep most of these while they are in force; this looks at what stands, also
after a restore, a migration, or a hand that had the rights to switch them off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from payments.selectors import prepaid_books

_CAPTURED = "SELECT * FROM payments_attempt WHERE state = 'captured'"

_DAY = "({} AT TIME ZONE 'Asia/Shanghai')::date"
# The side of a movement on which money came or went, as channels see it.
_MONEY = """(kind IN ('capture', 'found') AND amount_fen > 0
        AND account NOT IN ('suspense', 'prepaid', 'reduction')
    OR kind IN ('refund_paid', 'returned') AND amount_fen < 0 AND account NOT IN ('prepaid', 'reduction'))"""
# Every payment and refund by itself; money that was claimed later came when it was found.
_DETAIL = f"""
    SELECT bill.institution_id, {_DAY.format("captured_at")} AS day, attempt.provider, attempt.channel_id,
        attempt.captured_fen AS amount
    FROM payments_attempt AS attempt JOIN payments_bill AS bill ON bill.id = attempt.bill_id
    WHERE attempt.state = 'captured' AND attempt.provider NOT IN ('prepaid', 'reduction')
        AND NOT EXISTS (SELECT 1 FROM payments_suspense WHERE attempt_id = attempt.id)
    UNION ALL SELECT bill.institution_id, {_DAY.format("refund.ended_at")}, refund.provider,
        CASE WHEN refund.provider = attempt.provider THEN attempt.channel_id END, -refund.amount_fen
    FROM payments_refund AS refund JOIN payments_bill AS bill ON bill.id = refund.bill_id
        JOIN payments_attempt AS attempt ON attempt.id = refund.attempt_id
    WHERE refund.state = 'paid' AND refund.provider NOT IN ('prepaid', 'reduction')
    UNION ALL SELECT channel.institution_id, {_DAY.format("found_at")}, channel.provider, channel.id,
        suspense.amount_fen
    FROM payments_suspense AS suspense JOIN payments_channel AS channel ON channel.id = suspense.channel_id
    UNION ALL SELECT channel.institution_id, {_DAY.format("ended_at")}, channel.provider, channel.id,
        -suspense.amount_fen
    FROM payments_suspense AS suspense JOIN payments_channel AS channel ON channel.id = suspense.channel_id
    WHERE suspense.state = 'returned'"""

# What is wrong, by the rule: a few ids or accounts, with what is and what should be.
RULES: Mapping[str, str] = {
    "every movement sums to zero": """
        SELECT movement, sum(amount_fen), 0 FROM payments_ledger_entry
        GROUP BY movement HAVING sum(amount_fen) <> 0""",
    "no movement without both sides": """
        SELECT movement, count(*), 2 FROM payments_ledger_entry GROUP BY movement HAVING count(*) < 2""",
    "allocated money has a payment": """
        SELECT movement, 0, 1 FROM payments_ledger_entry
        WHERE kind NOT IN ('found', 'returned') AND (attempt_id IS NULL OR bill_id IS NULL)""",
    "a bill says what the ledger says": """
        SELECT bill.public_id, bill.captured_fen, -coalesce(sum(entry.amount_fen), 0)
        FROM payments_bill AS bill LEFT JOIN payments_ledger_entry AS entry
            ON entry.bill_id = bill.id AND entry.kind = 'capture' AND entry.account IN ('settling', 'income')
        GROUP BY bill.id HAVING bill.captured_fen <> -coalesce(sum(entry.amount_fen), 0)""",
    "a paid bill was earned": """
        SELECT bill.public_id, -coalesce(sum(entry.amount_fen), 0), bill.total_fen
        FROM payments_bill AS bill LEFT JOIN payments_ledger_entry AS entry
            ON entry.bill_id = bill.id AND (entry.kind IN ('capture', 'apply') AND entry.account = 'income'
                OR entry.kind = 'apply' AND entry.account = 'prepaid')
        WHERE bill.state = 'paid'
        GROUP BY bill.id HAVING -coalesce(sum(entry.amount_fen), 0) < bill.total_fen""",
    "captured is never below refunded": """
        SELECT attempt.public_id, attempt.captured_fen, sum(refund.amount_fen)
        FROM payments_attempt AS attempt JOIN payments_refund AS refund
            ON refund.attempt_id = attempt.id AND refund.state <> 'withdrawn'
        GROUP BY attempt.id HAVING sum(refund.amount_fen) > attempt.captured_fen""",
    "one capture for each transaction of a channel": """
        SELECT provider || ' ' || channel_ref, count(*), 1 FROM payments_attempt
        WHERE state = 'captured' AND channel_ref <> ''
        GROUP BY provider, channel_ref HAVING count(*) > 1""",
    "one movement for each capture": """
        SELECT attempt.public_id, coalesce(sum(entry.amount_fen), 0), attempt.captured_fen
        FROM payments_attempt AS attempt LEFT JOIN payments_ledger_entry AS entry
            ON entry.attempt_id = attempt.id AND entry.kind = 'capture' AND entry.amount_fen > 0
        GROUP BY attempt.id HAVING coalesce(sum(entry.amount_fen), 0) <> attempt.captured_fen
            OR count(entry.movement) <> CASE attempt.state WHEN 'captured' THEN 1 ELSE 0 END""",
    "one movement for each step of a refund": """
        SELECT refund.public_id, count(entry.movement), refund.amount_fen
        FROM payments_refund AS refund LEFT JOIN payments_ledger_entry AS entry
            ON entry.refund_id = refund.id AND entry.amount_fen = refund.amount_fen
            AND entry.kind IN ('refund_opened', 'refund_paid', 'refund_withdrawn')
        GROUP BY refund.id
        HAVING count(*) FILTER (WHERE entry.kind = 'refund_opened') <> 1
            OR count(*) FILTER (WHERE entry.kind = 'refund_paid')
                <> CASE refund.state WHEN 'paid' THEN 1 ELSE 0 END
            OR count(*) FILTER (WHERE entry.kind = 'refund_withdrawn')
                <> CASE refund.state WHEN 'withdrawn' THEN 1 ELSE 0 END""",
    "the legs sum to the total": """
        SELECT settlement.public_id, coalesce(sum(leg.amount_fen), 0), settlement.total_fen
        FROM payments_settlement AS settlement LEFT JOIN payments_leg AS leg
            ON leg.settlement_id = settlement.id
        GROUP BY settlement.id HAVING coalesce(sum(leg.amount_fen), 0) <> settlement.total_fen""",
    "a settled bill has all its legs": """
        SELECT settlement.public_id, count(*), 0 FROM payments_settlement AS settlement
        JOIN payments_leg AS leg ON leg.settlement_id = settlement.id
        WHERE settlement.state = 'settled' AND leg.taken_at IS NULL GROUP BY settlement.id""",
    "an insurer paid what its order says": """
        SELECT asked.public_id, coalesce(sum(attempt.captured_fen), 0), asked.fund_fen + asked.account_fen
        FROM payments_insurance_order AS asked LEFT JOIN payments_attempt AS attempt
            ON attempt.bill_id = asked.bill_id AND attempt.channel_ref = asked.order_ref
            AND attempt.state = 'captured' AND attempt.channel_id IS NULL
        WHERE asked.state IN ('settled', 'returned') GROUP BY asked.id
        HAVING coalesce(sum(attempt.captured_fen), 0) <> asked.fund_fen + asked.account_fen""",
    "no money of an insurer without its order": """
        SELECT attempt.public_id, attempt.captured_fen, 0 FROM payments_attempt AS attempt
        JOIN payments_leg AS leg ON leg.id = attempt.leg_id AND leg.kind IN ('fund', 'account')
        WHERE attempt.state = 'captured' AND NOT EXISTS (SELECT 1 FROM payments_insurance_order AS asked
            WHERE asked.settlement_id = leg.settlement_id AND asked.state IN ('settled', 'returned'))""",
    "what an insurer gave back it gave back whole": """
        SELECT asked.public_id, coalesce(sum(refund.amount_fen), 0), asked.fund_fen + asked.account_fen
        FROM payments_insurance_order AS asked
        LEFT JOIN payments_attempt AS attempt ON attempt.bill_id = asked.bill_id
            AND attempt.channel_ref = asked.order_ref AND attempt.channel_id IS NULL
        LEFT JOIN payments_refund AS refund ON refund.attempt_id = attempt.id AND refund.state = 'paid'
        WHERE asked.state = 'returned' GROUP BY asked.id
        HAVING coalesce(sum(refund.amount_fen), 0) <> asked.fund_fen + asked.account_fen""",
    "what waits to be settled is what arrived and is not settled": f"""
        SELECT 'settling', ledger.balance, waiting.amount FROM
            (SELECT -coalesce(sum(amount_fen), 0) AS balance FROM payments_ledger_entry
                WHERE account = 'settling') AS ledger,
            (SELECT coalesce(sum(attempt.captured_fen - coalesce(refund.going, 0)), 0) AS amount
                FROM ({_CAPTURED} AND leg_id IS NOT NULL AND applied_at IS NULL) AS attempt
                LEFT JOIN LATERAL (SELECT sum(amount_fen) AS going FROM payments_refund
                    WHERE attempt_id = attempt.id AND state <> 'withdrawn') AS refund ON true) AS waiting
        WHERE ledger.balance <> waiting.amount""",
    "what is owed back is what lies in the work list": """
        SELECT 'refunds_due', ledger.balance, waiting.amount FROM
            (SELECT -coalesce(sum(amount_fen), 0) AS balance FROM payments_ledger_entry
                WHERE account = 'refunds_due') AS ledger,
            (SELECT coalesce(sum(amount_fen), 0) AS amount FROM payments_refund
                WHERE state IN ('due', 'sent', 'abnormal')) AS waiting
        WHERE ledger.balance <> waiting.amount""",
    "what is in suspense is what nobody has claimed": """
        SELECT 'suspense', ledger.balance, waiting.amount FROM
            (SELECT -coalesce(sum(amount_fen), 0) AS balance FROM payments_ledger_entry
                WHERE account = 'suspense') AS ledger,
            (SELECT coalesce(sum(amount_fen), 0) AS amount FROM payments_suspense
                WHERE state = 'open') AS waiting
        WHERE ledger.balance <> waiting.amount""",
    "every channel holds what it took less what it gave back": f"""
        SELECT coalesce(ledger.account, detail.provider), ledger.balance, detail.amount FROM
            (SELECT account, sum(amount_fen) AS balance FROM payments_ledger_entry
                WHERE account NOT IN ('settling', 'income', 'refunds_due', 'suspense', 'prepaid', 'between')
                GROUP BY account) AS ledger
        FULL JOIN
            (SELECT provider, sum(amount) AS amount FROM (
                SELECT provider, captured_fen AS amount FROM ({_CAPTURED}) AS attempt
                UNION ALL SELECT provider, -amount_fen FROM payments_refund WHERE state = 'paid'
                UNION ALL SELECT channel.provider, suspense.amount_fen FROM payments_suspense AS suspense
                    JOIN payments_channel AS channel ON channel.id = suspense.channel_id
                    WHERE suspense.state = 'open') AS moved
                WHERE provider <> 'prepaid' GROUP BY provider) AS detail
            ON detail.provider = ledger.account
        WHERE coalesce(ledger.balance, 0) <> coalesce(detail.amount, 0)""",
    **prepaid_books.RULES,
    "detail, channel, application and total of a day agree": f"""
        SELECT coalesce(ledger.day, detail.day)::text || ' ' || coalesce(ledger.institution_id,
            detail.institution_id), ledger.amount, detail.amount FROM
            (SELECT institution_id, {_DAY.format("at")} AS day, sum(amount_fen) AS amount
                FROM payments_ledger_entry AS entry WHERE {_MONEY} GROUP BY 1, 2) AS ledger
        FULL JOIN
            (SELECT institution_id, day, sum(amount) AS amount FROM ({_DETAIL}) AS moved
                GROUP BY 1, 2 HAVING sum(amount) <> 0 OR count(*) > 0) AS detail
            ON detail.day = ledger.day AND detail.institution_id = ledger.institution_id
        WHERE coalesce(ledger.amount, 0) <> coalesce(detail.amount, 0)""",
    "a closed day stays as it was closed": f"""
        SELECT closing.day::text || ' ' || closing.provider, closing.gross_fen - closing.refund_fen,
            coalesce(sum(moved.amount), 0)
        FROM payments_daily_closing AS closing LEFT JOIN ({_DETAIL}) AS moved
            ON moved.institution_id = closing.institution_id AND moved.day = closing.day
            AND moved.provider = closing.provider
            AND moved.channel_id IS NOT DISTINCT FROM closing.channel_id
        GROUP BY closing.id
        HAVING closing.gross_fen - closing.refund_fen <> coalesce(sum(moved.amount), 0)""",
    "whoever proposed did not approve": """
        SELECT public_id, 1, 2 FROM payments_difference
        WHERE state IN ('approved', 'done') AND (approved_by = '' OR approved_by = proposed_by)""",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that breaks a rule; amounts in fen, or counts."""

    rule: str
    what: str
    found: int
    wanted: int


def check_books(*, most: int = 20) -> Sequence[Finding]:
    """What breaks a rule, at one moment for all of them.

    Args:
        most: How many findings of each rule are told.
    """
    is_own = not connection.in_atomic_block
    findings = []
    with transaction.atomic(), connection.cursor() as cursor:
        if is_own:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for rule, question in RULES.items():
            cursor.execute(f"{question}\nLIMIT %s", [most])
            findings += [
                Finding(rule, str(what), int(found or 0), int(wanted or 0))
                for what, found, wanted in cursor.fetchall()
            ]
    return findings
