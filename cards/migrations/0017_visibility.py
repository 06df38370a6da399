"""What holders keep from institutions."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [
        ("cards", "0016_temporary_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="card",
            name="hidden",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10), db_default=[], default=list, size=None
            ),
        ),
    ]
