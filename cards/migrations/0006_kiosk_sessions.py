"""Sessions of self-service terminals."""

import django.db.models.deletion
from django.db import migrations, models

import foundation.core.ids
import gmcrypto.fields


class Migration(migrations.Migration):
    """A row for each person at a machine."""

    dependencies = [
        ("cards", "0005_code_prints"),
    ]

    operations = [
        migrations.CreateModel(
            name="KioskSession",
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
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("institution", models.CharField(max_length=26)),
                ("client", models.CharField(max_length=26)),
                ("terminal_id", models.CharField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("started", "已开始"),
                            ("read", "已读证件"),
                            ("checked", "已核对本人"),
                            ("issued", "已发卡"),
                            ("done", "已结束"),
                            ("over", "已中止"),
                        ],
                        default="started",
                        max_length=10,
                    ),
                ),
                ("document", gmcrypto.fields.EncryptedJSONField(null=True)),
                ("check_id", models.CharField(blank=True, max_length=26)),
                ("evidence", models.CharField(blank=True, max_length=20)),
                ("reference", models.CharField(blank=True, max_length=64)),
                ("failed_checks", models.PositiveSmallIntegerField(default=0)),
                ("is_new_card", models.BooleanField(default=False)),
                ("expires_at", models.DateTimeField()),
                (
                    "card",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cards.card",
                    ),
                ),
            ],
            options={
                "db_table": "cards_kiosk_session",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("done", "over")), _negated=True),
                        fields=["expires_at"],
                        name="cards_kiosk_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "issued"), _negated=True),
                            ("card__isnull", False),
                            _connector="OR",
                        ),
                        name="cards_kiosk_issued_has_card",
                    )
                ],
            },
        ),
    ]
