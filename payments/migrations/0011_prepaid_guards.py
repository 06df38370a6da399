"""The database holds balances to the ledger, and to what is left of their deposits."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payments_balance_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
BEGIN
    asked := CASE TG_TABLE_NAME
        WHEN 'payments_prepaid_account' THEN (to_jsonb(NEW)->>'id')::bigint
        WHEN 'payments_prepaid_deposit' THEN (to_jsonb(NEW)->>'account_id')::bigint
        ELSE (to_jsonb(NEW)->>'prepaid_id')::bigint END;
    IF NOT EXISTS (
        SELECT 1 FROM payments_prepaid_account AS account WHERE id = asked
            AND balance_fen = -(SELECT coalesce(sum(amount_fen), 0) FROM payments_ledger_entry
                WHERE prepaid_id = account.id AND account = 'prepaid')
            AND balance_fen = (SELECT coalesce(sum(left_fen), 0) FROM payments_prepaid_deposit
                WHERE account_id = account.id)
    ) THEN
        RAISE EXCEPTION 'a balance and the ledger disagree' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_balance_agrees
    AFTER INSERT OR UPDATE OF balance_fen ON payments_prepaid_account
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_balance_agrees();
CREATE CONSTRAINT TRIGGER payments_deposit_agrees
    AFTER INSERT OR UPDATE OF left_fen ON payments_prepaid_deposit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_balance_agrees();
CREATE CONSTRAINT TRIGGER payments_balance_entry_agrees AFTER INSERT ON payments_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.prepaid_id IS NOT NULL)
    EXECUTE FUNCTION payments_balance_agrees();

-- A top-up that was paid is in its balance; everything else that was paid was earned.
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
                    WHERE kind IN ('capture', 'apply') AND account = 'income'
                        OR kind = 'apply' AND account = 'prepaid'), 0) AS earned,
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
"""


class Migration(migrations.Migration):
    """Triggers that look at what a transaction commits."""

    dependencies = [("payments", "0010_prepaid")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
