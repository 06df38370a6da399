from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_devices_seen"),
    ]

    operations = [
        migrations.AddField(
            model_name="smsdispatch",
            name="recipient",
            field=models.CharField(blank=True, db_default="", max_length=32),
        ),
        migrations.AddField(
            model_name="smsdispatch",
            name="supplier",
            field=models.CharField(blank=True, db_default="", max_length=20),
        ),
        migrations.AddField(
            model_name="smsdispatch",
            name="lease_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="smsdispatch",
            name="receipt_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="smsdispatch",
            index=models.Index(
                condition=models.Q(("recipient", ""), _negated=True),
                fields=["recipient"],
                name="accounts_sms_recipient",
            ),
        ),
    ]
