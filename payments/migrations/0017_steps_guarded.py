"""The database looks at more of what is written: also at amounts that change, and at states that go back."""

from django.db import migrations

# Each looks at the row as it is at the end of the transaction, which may have changed it more than once.
FORWARD = """
CREATE OR REPLACE FUNCTION payments_attempt_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_attempt AS attempt CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (WHERE amount_fen > 0), 0) AS came,
                count(DISTINCT movement) AS movements
            FROM payments_ledger_entry WHERE attempt_id = attempt.id AND kind = 'capture'
        ) AS entry
        WHERE attempt.id = NEW.id AND (entry.came <> attempt.captured_fen
            OR entry.movements <> CASE attempt.state WHEN 'captured' THEN 1 ELSE 0 END)
    ) THEN
        RAISE EXCEPTION 'a payment and its movement disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER payments_attempt_has_entry ON payments_attempt;
CREATE CONSTRAINT TRIGGER payments_attempt_has_entry
    AFTER INSERT OR UPDATE OF state, captured_fen ON payments_attempt
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_attempt_has_entry();

-- A refund is opened once, and ended once.
CREATE OR REPLACE FUNCTION payments_refund_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_refund AS refund CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund_opened'), 0) AS opened,
                coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund_paid'), 0) AS paid,
                coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund_withdrawn'), 0) AS withdrawn
            FROM payments_ledger_entry
            WHERE refund_id = refund.id AND amount_fen > 0
                AND kind IN ('refund_opened', 'refund_paid', 'refund_withdrawn')
        ) AS entry
        WHERE refund.id = NEW.id AND (entry.opened <> refund.amount_fen
            OR entry.paid <> CASE refund.state WHEN 'paid' THEN refund.amount_fen ELSE 0 END
            OR entry.withdrawn <> CASE refund.state WHEN 'withdrawn' THEN refund.amount_fen ELSE 0 END)
    ) THEN
        RAISE EXCEPTION 'a refund and its movements disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER payments_refund_has_entry ON payments_refund;
CREATE CONSTRAINT TRIGGER payments_refund_has_entry
    AFTER INSERT OR UPDATE OF state, amount_fen ON payments_refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_refund_has_entry();

-- What was taken stays taken, and what was paid stays paid.
DROP TRIGGER payments_leg_agrees ON payments_leg;
CREATE CONSTRAINT TRIGGER payments_leg_agrees
    AFTER INSERT OR UPDATE OF amount_fen, taken_at, settlement_id ON payments_leg
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_legs_agree();
CREATE FUNCTION payments_bill_stays_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a bill that was paid stays paid' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_bill_stays_paid BEFORE UPDATE OF state ON payments_bill
    FOR EACH ROW WHEN (OLD.state = 'paid' AND NEW.state <> 'paid')
    EXECUTE FUNCTION payments_bill_stays_paid();

-- Money in suspense: found once; sent back once, or a payment of a bill, if it is not there any more.
CREATE FUNCTION payments_suspense_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_suspense AS found CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (WHERE suspense_id = found.id AND kind = 'found'), 0) AS came,
                coalesce(sum(amount_fen) FILTER (
                    WHERE suspense_id = found.id AND kind = 'returned'), 0) AS went,
                coalesce(sum(amount_fen) FILTER (
                    WHERE attempt_id = found.attempt_id AND kind = 'capture'
                        AND account = 'suspense'), 0) AS claimed
            FROM payments_ledger_entry
            WHERE (suspense_id = found.id OR attempt_id = found.attempt_id) AND amount_fen > 0
        ) AS entry
        WHERE found.id = NEW.id AND (entry.came <> found.amount_fen
            OR entry.went <> CASE found.state WHEN 'returned' THEN found.amount_fen ELSE 0 END
            OR entry.claimed <> CASE found.state WHEN 'allocated' THEN found.amount_fen ELSE 0 END)
    ) THEN
        RAISE EXCEPTION 'money in suspense and its movements disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_suspense_has_entry
    AFTER INSERT OR UPDATE OF state, amount_fen, attempt_id ON payments_suspense
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_suspense_has_entry();
"""


class Migration(migrations.Migration):
    """Triggers that look at what a transaction commits."""

    dependencies = [("payments", "0016_last_asked")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
