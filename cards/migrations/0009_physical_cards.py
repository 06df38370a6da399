"""Physical cards, and the tries to activate them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.core.ids
import gmcrypto.fields


class Migration(migrations.Migration):
    """The register, and a row for each try."""

    dependencies = [
        ("cards", "0008_batch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PhysicalCard",
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
                ("number", gmcrypto.fields.EncryptedTextField()),
                ("number_index", gmcrypto.fields.BlindIndexField(unique=True)),
                ("number_index_next", gmcrypto.fields.BlindIndexField(null=True, unique=True)),
                ("name", gmcrypto.fields.EncryptedTextField()),
                ("id_type", models.CharField(max_length=2, verbose_name="证件类型")),
                ("id_number", gmcrypto.fields.EncryptedTextField()),
                ("phone", gmcrypto.fields.EncryptedTextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("registered", "待激活"), ("activated", "已激活"), ("blocked", "已停用")],
                        default="registered",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("load_id", models.CharField(max_length=26, verbose_name="登记批次")),
                ("activated_at", models.DateTimeField(null=True, verbose_name="激活时间")),
                (
                    "card",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cards.card",
                        verbose_name="健康卡",
                    ),
                ),
            ],
            options={
                "verbose_name": "实体卡",
                "verbose_name_plural": "实体卡",
                "db_table": "cards_physical_card",
            },
        ),
        migrations.CreateModel(
            name="PhysicalActivation",
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待核对"),
                            ("sent", "已发验证码"),
                            ("unmatched", "不相符"),
                            ("done", "已激活"),
                            ("over", "已失效"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("answers", gmcrypto.fields.EncryptedJSONField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "physical",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cards.physicalcard",
                    ),
                ),
            ],
            options={
                "db_table": "cards_physical_activation",
            },
        ),
        migrations.AddConstraint(
            model_name="physicalcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "activated"), _negated=True),
                    models.Q(("activated_at__isnull", False), ("card__isnull", False)),
                    _connector="OR",
                ),
                name="cards_physical_activated_has_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="physicalactivation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "sent", "unmatched"))),
                fields=("account",),
                name="cards_activation_one_open",
            ),
        ),
    ]
