"""No settlement is looked for by its end: what is asked for at channels and insurers has times of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    """One index less."""

    dependencies = [("payments", "0019_invoice_asked")]
    operations = [migrations.RemoveIndex(model_name="settlement", name="payments_settlements_ending")]
