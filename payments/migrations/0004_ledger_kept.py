"""The ledger is not emptied either: a trigger for each row does not see TRUNCATE."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER payments_ledger_kept BEFORE TRUNCATE ON payments_ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ledger_guard();
"""
BACKWARD = "DROP TRIGGER payments_ledger_kept ON payments_ledger_entry;"


class Migration(migrations.Migration):
    """One trigger more."""

    dependencies = [("payments", "0003_refund_ways")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
