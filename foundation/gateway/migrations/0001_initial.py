import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import foundation.core.ids
import gmcrypto.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ApiClient",
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
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("institution", models.CharField(db_index=True, max_length=26, verbose_name="机构")),
                (
                    "environment",
                    models.CharField(
                        choices=[("sandbox", "联调"), ("production", "正式")],
                        max_length=10,
                        verbose_name="环境",
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="权限",
                    ),
                ),
                ("rate_per_minute", models.PositiveIntegerField(default=6000, verbose_name="每分钟上限")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "正常"), ("suspended", "已停用")],
                        default="active",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("is_held", models.BooleanField(default=False, verbose_name="随机构停用")),
            ],
            options={
                "verbose_name": "接入应用",
                "verbose_name_plural": "接入应用",
                "db_table": "gateway_client",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "name"), name="gateway_client_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(("rate_per_minute__gte", 1)), name="gateway_client_rate_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientKey",
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
                ("kid", models.CharField(max_length=40, unique=True, verbose_name="密钥编号")),
                (
                    "algorithm",
                    models.CharField(
                        choices=[
                            ("HMAC-SM3", "HMAC-SM3（共享密钥）"),
                            ("SM2-SM3", "SM2-SM3（公钥）"),
                            ("TENCENT", "腾讯兼容（appSecret）"),
                        ],
                        max_length=10,
                        verbose_name="算法",
                    ),
                ),
                ("secret", gmcrypto.fields.EncryptedTextField(null=True, purpose="client_secret")),
                ("public_key", models.CharField(blank=True, max_length=128, verbose_name="公钥")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "使用中"), ("retired", "已作废")],
                        default="active",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("not_before", models.DateTimeField(verbose_name="启用时间")),
                ("not_after", models.DateTimeField(null=True, verbose_name="到期时间")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="创建时间")),
                ("retired_at", models.DateTimeField(null=True, verbose_name="作废时间")),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="gateway.apiclient",
                        verbose_name="接入应用",
                    ),
                ),
            ],
            options={
                "verbose_name": "接入密钥",
                "verbose_name_plural": "接入密钥",
                "db_table": "gateway_client_key",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("algorithm", "SM2-SM3"),
                                ("secret__isnull", True),
                                models.Q(("public_key", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("algorithm", "SM2-SM3"), _negated=True),
                                ("public_key", ""),
                                ("secret__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="gateway_key_fits_algorithm",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_after", None), ("not_after__gt", models.F("not_before")), _connector="OR"
                        ),
                        name="gateway_key_window",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
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
                ("key", models.CharField(max_length=64)),
                ("body_digest", models.BinaryField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[("in_progress", "处理中"), ("done", "已完成")],
                        default="in_progress",
                        max_length=12,
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("content_type", models.CharField(blank=True, max_length=60)),
                ("answer", gmcrypto.fields.EncryptedTextField(null=True)),
                ("lease_until", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="gateway.apiclient"
                    ),
                ),
            ],
            options={
                "db_table": "gateway_idempotency",
                "indexes": [models.Index(fields=["created_at"], name="gateway_idempotency_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("client", "key"), name="gateway_idempotency_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "in_progress"),
                            models.Q(("answer__isnull", False), ("state", "done"), ("status__isnull", False)),
                            _connector="OR",
                        ),
                        name="gateway_idempotency_done_has_answer",
                    ),
                ],
            },
        ),
    ]
