"""The database holds the ledger to its rules, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payments_ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the ledger are not changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_ledger_guard BEFORE UPDATE OR DELETE ON payments_ledger_entry
    FOR EACH ROW EXECUTE FUNCTION payments_ledger_guard();

CREATE FUNCTION payments_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount_fen) FROM payments_ledger_entry WHERE movement = NEW.movement) <> 0 THEN
        RAISE EXCEPTION 'a movement of the ledger does not balance' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_ledger_balances AFTER INSERT ON payments_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_ledger_balances();

-- A bill says what the ledger says of it. Both ends are watched: money noted without its row, and
-- a row without the money noted.
CREATE FUNCTION payments_bill_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
BEGIN
    IF TG_TABLE_NAME = 'payments_bill' THEN asked := NEW.id; ELSE asked := NEW.bill_id; END IF;
    IF NOT EXISTS (
        SELECT 1 FROM payments_bill AS bill CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (WHERE kind = 'capture' AND account = 'income'), 0) AS came,
                coalesce(sum(amount_fen) FILTER (
                    WHERE kind IN ('refund_opened', 'refund_withdrawn') AND account = 'refunds_due'), 0) AS owed,
                coalesce(sum(amount_fen) FILTER (
                    WHERE kind = 'refund_paid' AND account = 'refunds_due'), 0) AS went
            FROM payments_ledger_entry WHERE bill_id = bill.id
        ) AS entry
        WHERE bill.id = asked AND bill.captured_fen = -entry.came AND bill.refund_fen = -entry.owed
            AND bill.refunded_fen = entry.went
    ) THEN
        RAISE EXCEPTION 'a bill and the ledger disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_bill_agrees
    AFTER INSERT OR UPDATE OF captured_fen, refund_fen, refunded_fen ON payments_bill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_bill_agrees();
CREATE CONSTRAINT TRIGGER payments_entry_agrees AFTER INSERT ON payments_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_bill_agrees();

CREATE FUNCTION payments_attempt_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_ledger_entry WHERE attempt_id = NEW.id AND kind = 'capture'
        GROUP BY movement HAVING sum(amount_fen) FILTER (WHERE amount_fen > 0) = NEW.captured_fen
    ) THEN
        RAISE EXCEPTION 'a payment lacks its movement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_attempt_has_entry AFTER INSERT OR UPDATE OF state ON payments_attempt
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'captured')
    EXECUTE FUNCTION payments_attempt_has_entry();

CREATE FUNCTION payments_refund_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    needed text := CASE NEW.state WHEN 'due' THEN 'refund_opened' ELSE 'refund_' || NEW.state END;
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_ledger_entry WHERE refund_id = NEW.id AND kind = needed
        GROUP BY movement HAVING sum(amount_fen) FILTER (WHERE amount_fen > 0) = NEW.amount_fen
    ) THEN
        RAISE EXCEPTION 'a refund lacks its movement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_refund_has_entry AFTER INSERT OR UPDATE OF state ON payments_refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_refund_has_entry();
"""
BACKWARD = """
DROP TRIGGER payments_refund_has_entry ON payments_refund;
DROP TRIGGER payments_attempt_has_entry ON payments_attempt;
DROP TRIGGER payments_entry_agrees ON payments_ledger_entry;
DROP TRIGGER payments_bill_agrees ON payments_bill;
DROP TRIGGER payments_ledger_balances ON payments_ledger_entry;
DROP TRIGGER payments_ledger_guard ON payments_ledger_entry;
DROP FUNCTION payments_refund_has_entry();
DROP FUNCTION payments_attempt_has_entry();
DROP FUNCTION payments_bill_agrees();
DROP FUNCTION payments_ledger_balances();
DROP FUNCTION payments_ledger_guard();
"""


class Migration(migrations.Migration):
    """Triggers that look at what a transaction commits."""

    dependencies = [("payments", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
