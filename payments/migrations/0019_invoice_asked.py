"""How often a hospital was asked for the PDF of an invoice, and when it is asked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A number that the database gives rows that stand, and a time."""

    dependencies = [("payments", "0018_compare_insured")]
    operations = [
        migrations.AddField(
            model_name="invoice",
            name="asks",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="invoice",
            name="next_ask_at",
            field=models.DateTimeField(null=True),
        ),
    ]
