from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0004_grant_items"),
    ]

    operations = [
        migrations.AddField(
            model_name="emergencyopening",
            name="ticket",
            field=models.CharField(blank=True, db_default="", default="", max_length=26),
        ),
    ]
