from django.db import migrations, models

import foundation.core.ids
import gmcrypto.fields


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0002_access"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArrivedDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=foundation.core.ids.new_public_id, editable=False, max_length=26, unique=True
                    ),
                ),
                ("institution", models.CharField(max_length=26)),
                ("number", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("content", gmcrypto.fields.EncryptedBytesField()),
                ("size", models.PositiveIntegerField()),
                ("arrived_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "records_arrived_document",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "number", "digest"), name="records_arrived_document_once"
                    )
                ],
            },
        ),
    ]
