"""What was stated, what was decided and how a day was closed is added to, and never changed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payments_record_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records of reconciliation are not changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_record_kept BEFORE UPDATE OR DELETE ON payments_statement_line
    FOR EACH ROW EXECUTE FUNCTION payments_record_kept();
CREATE TRIGGER payments_record_kept BEFORE UPDATE OR DELETE ON payments_difference_step
    FOR EACH ROW EXECUTE FUNCTION payments_record_kept();
CREATE TRIGGER payments_record_kept BEFORE UPDATE OR DELETE ON payments_daily_closing
    FOR EACH ROW EXECUTE FUNCTION payments_record_kept();
"""
BACKWARD = """
DROP TRIGGER payments_record_kept ON payments_daily_closing;
DROP TRIGGER payments_record_kept ON payments_difference_step;
DROP TRIGGER payments_record_kept ON payments_statement_line;
DROP FUNCTION payments_record_kept();
"""


class Migration(migrations.Migration):
    """Triggers that refuse a change."""

    dependencies = [("payments", "0014_reconciliation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
