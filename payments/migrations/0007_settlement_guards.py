"""The database holds settlements to the ledger: legs sum to the total, and income is what was settled."""

from django.db import migrations

FORWARD = """
-- What was paid before there were settlements became income as it came.
UPDATE payments_attempt AS attempt SET applied_at = attempt.captured_at
    FROM payments_bill AS bill
    WHERE bill.id = attempt.bill_id AND attempt.state = 'captured' AND bill.paid_at = attempt.captured_at;

CREATE OR REPLACE FUNCTION payments_bill_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
BEGIN
    IF TG_TABLE_NAME = 'payments_bill' THEN asked := NEW.id; ELSE asked := NEW.bill_id; END IF;
    IF asked IS NULL THEN RETURN NULL; END IF;
    IF NOT EXISTS (
        SELECT 1 FROM payments_bill AS bill CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (
                    WHERE kind = 'capture' AND account IN ('settling', 'income')), 0) AS came,
                coalesce(sum(amount_fen) FILTER (
                    WHERE kind IN ('capture', 'apply') AND account = 'income'), 0) AS earned,
                coalesce(sum(amount_fen) FILTER (
                    WHERE kind IN ('refund_opened', 'refund_withdrawn') AND account = 'refunds_due'), 0) AS owed,
                coalesce(sum(amount_fen) FILTER (
                    WHERE kind = 'refund_paid' AND account = 'refunds_due'), 0) AS went
            FROM payments_ledger_entry WHERE bill_id = bill.id
        ) AS entry
        WHERE bill.id = asked AND bill.captured_fen = -entry.came AND bill.refund_fen = -entry.owed
            AND bill.refunded_fen = entry.went
            AND (bill.state <> 'paid' OR -entry.earned >= bill.total_fen)
    ) THEN
        RAISE EXCEPTION 'a bill and the ledger disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER payments_bill_agrees ON payments_bill;
CREATE CONSTRAINT TRIGGER payments_bill_agrees
    AFTER INSERT OR UPDATE OF state, captured_fen, refund_fen, refunded_fen ON payments_bill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_bill_agrees();

CREATE FUNCTION payments_legs_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
BEGIN
    IF TG_TABLE_NAME = 'payments_settlement' THEN asked := NEW.id; ELSE asked := NEW.settlement_id; END IF;
    IF NOT EXISTS (
        SELECT 1 FROM payments_settlement AS settlement CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen), 0) AS total, bool_and(taken_at IS NOT NULL) AS taken
            FROM payments_leg WHERE settlement_id = settlement.id
        ) AS leg
        WHERE settlement.id = asked AND settlement.total_fen = leg.total
            AND (settlement.state <> 'settled' OR leg.taken)
    ) THEN
        RAISE EXCEPTION 'the legs of a settlement do not make it up' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_settlement_agrees
    AFTER INSERT OR UPDATE OF state, total_fen ON payments_settlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_legs_agree();
CREATE CONSTRAINT TRIGGER payments_leg_agrees AFTER INSERT OR UPDATE OF amount_fen ON payments_leg
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_legs_agree();
CREATE FUNCTION payments_leg_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'legs of a settlement are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_leg_stays BEFORE DELETE ON payments_leg
    FOR EACH ROW EXECUTE FUNCTION payments_leg_stays();

-- A refund of which a channel says that it is under way, or that it failed, is still owed.
CREATE OR REPLACE FUNCTION payments_refund_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    needed text := CASE WHEN NEW.state IN ('paid', 'withdrawn') THEN 'refund_' || NEW.state
        ELSE 'refund_opened' END;
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_ledger_entry WHERE refund_id = NEW.id AND kind = needed
        GROUP BY movement HAVING sum(amount_fen) FILTER (WHERE amount_fen > 0) = NEW.amount_fen
    ) THEN
        RAISE EXCEPTION 'a refund lacks its movement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- No payment gives back more than it brought.
CREATE FUNCTION payments_refunds_within() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(amount_fen), 0) FROM payments_refund
            WHERE attempt_id = NEW.attempt_id AND state <> 'withdrawn')
        > (SELECT captured_fen FROM payments_attempt WHERE id = NEW.attempt_id) THEN
        RAISE EXCEPTION 'a payment gives back more than it brought' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_refunds_within AFTER INSERT OR UPDATE OF state, amount_fen ON payments_refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_refunds_within();
"""


class Migration(migrations.Migration):
    """Triggers that look at what a transaction commits."""

    dependencies = [("payments", "0006_settlements")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
