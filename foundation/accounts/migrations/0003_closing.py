"""Accounts that their owners close."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns and their indexes."""

    dependencies = [
        ("accounts", "0002_sign_in_methods"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="shredded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("shredded_at", None)),
                fields=["closed_at"],
                name="accounts_account_closed",
            ),
        ),
    ]
