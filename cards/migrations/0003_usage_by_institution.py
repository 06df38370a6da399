"""The list that an institution's staff read: its own uses, the newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One index; the product has no installation yet whose table would be blocked by it."""

    dependencies = [("cards", "0002_codes_and_usage")]

    operations = [
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(fields=["institution", "-at"], name="cards_usage_institution"),
        ),
    ]
