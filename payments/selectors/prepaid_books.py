"""The rules of balances, as questions to the database like those of ``books``."""

from collections.abc import Mapping

# What is owed between two institutions: drawn at the one of what was topped up at the other.
_OWED = """
    SELECT spent.institution_id AS payee, kept.institution_id AS holder,
        draw.amount_fen - draw.returned_fen AS amount
    FROM payments_prepaid_draw AS draw
    JOIN payments_attempt AS attempt ON attempt.id = draw.attempt_id
    JOIN payments_bill AS spent ON spent.id = attempt.bill_id
    JOIN payments_prepaid_deposit AS deposit ON deposit.id = draw.deposit_id
    JOIN payments_bill AS kept ON kept.id = deposit.bill_id
    WHERE spent.institution_id <> kept.institution_id"""

RULES: Mapping[str, str] = {
    "a balance is what the ledger says": """
        SELECT account.public_id, account.balance_fen, -coalesce(sum(entry.amount_fen), 0)
        FROM payments_prepaid_account AS account LEFT JOIN payments_ledger_entry AS entry
            ON entry.prepaid_id = account.id AND entry.account = 'prepaid'
        GROUP BY account.id HAVING account.balance_fen <> -coalesce(sum(entry.amount_fen), 0)""",
    "a balance is what is left of its deposits": """
        SELECT account.public_id, account.balance_fen, coalesce(sum(deposit.left_fen), 0)
        FROM payments_prepaid_account AS account LEFT JOIN payments_prepaid_deposit AS deposit
            ON deposit.account_id = account.id
        GROUP BY account.id HAVING account.balance_fen <> coalesce(sum(deposit.left_fen), 0)""",
    "a deposit is what was drawn, given back and left": """
        SELECT deposit.public_id, deposit.left_fen + coalesce(drawn.amount, 0) + coalesce(refund.going, 0),
            deposit.amount_fen
        FROM payments_prepaid_deposit AS deposit
        LEFT JOIN LATERAL (SELECT sum(amount_fen - returned_fen) AS amount FROM payments_prepaid_draw
            WHERE deposit_id = deposit.id) AS drawn ON true
        LEFT JOIN LATERAL (SELECT sum(back.amount_fen) AS going FROM payments_refund AS back
            JOIN payments_attempt AS attempt ON attempt.id = back.attempt_id
            WHERE back.bill_id = deposit.bill_id AND back.state <> 'withdrawn'
                AND attempt.applied_at IS NOT NULL) AS refund ON true
        WHERE deposit.arrived_at IS NOT NULL AND deposit.amount_fen
            <> deposit.left_fen + coalesce(drawn.amount, 0) + coalesce(refund.going, 0)""",
    "a paid top-up is in its balance": """
        SELECT bill.public_id, 0, bill.total_fen FROM payments_bill AS bill
        LEFT JOIN payments_prepaid_deposit AS deposit ON deposit.bill_id = bill.id
        WHERE bill.subject_type = 'prepaid.deposit' AND (deposit.id IS NULL
            OR (bill.state = 'paid') <> (deposit.arrived_at IS NOT NULL)
            OR deposit.amount_fen <> bill.total_fen)""",
    "what was paid from balances was drawn from deposits": """
        SELECT attempt.public_id, attempt.captured_fen - coalesce(refund.gone, 0), coalesce(drawn.amount, 0)
        FROM payments_attempt AS attempt
        LEFT JOIN LATERAL (SELECT sum(amount_fen) AS gone FROM payments_refund
            WHERE attempt_id = attempt.id AND state = 'paid') AS refund ON true
        LEFT JOIN LATERAL (SELECT sum(amount_fen - returned_fen) AS amount FROM payments_prepaid_draw
            WHERE attempt_id = attempt.id) AS drawn ON true
        WHERE attempt.provider = 'prepaid' AND attempt.state = 'captured'
            AND attempt.captured_fen - coalesce(refund.gone, 0) <> coalesce(drawn.amount, 0)""",
    "every institution keeps what is left of what was topped up there": """
        SELECT coalesce(ledger.institution_id, kept.institution_id), ledger.balance, kept.amount FROM
            (SELECT institution_id, -sum(amount_fen) AS balance FROM payments_ledger_entry
                WHERE account = 'prepaid' GROUP BY institution_id) AS ledger
        FULL JOIN
            (SELECT bill.institution_id, sum(deposit.left_fen) AS amount
                FROM payments_prepaid_deposit AS deposit
                JOIN payments_bill AS bill ON bill.id = deposit.bill_id
                GROUP BY bill.institution_id) AS kept
            ON kept.institution_id = ledger.institution_id
        WHERE coalesce(ledger.balance, 0) <> coalesce(kept.amount, 0)""",
    "what institutions owe each other sums to zero": """
        SELECT 'between', sum(amount_fen), 0 FROM payments_ledger_entry WHERE account = 'between'
        HAVING sum(amount_fen) <> 0""",
    "what an institution is owed is what was drawn there of others": f"""
        SELECT coalesce(ledger.institution_id, item.institution_id), ledger.balance, item.amount FROM
            (SELECT institution_id, sum(amount_fen) AS balance FROM payments_ledger_entry
                WHERE account = 'between' GROUP BY institution_id) AS ledger
        FULL JOIN
            (SELECT institution_id, sum(amount) AS amount FROM (
                SELECT payee AS institution_id, amount FROM ({_OWED}) AS owed
                UNION ALL SELECT holder, -amount FROM ({_OWED}) AS owes) AS sided
                GROUP BY institution_id) AS item
            ON item.institution_id = ledger.institution_id
        WHERE coalesce(ledger.balance, 0) <> coalesce(item.amount, 0)""",
}
