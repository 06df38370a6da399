import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_channels_of_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PushLimit",
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
                (
                    "per_day",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="每人每天最多推送",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="创建时间")),
            ],
            options={
                "verbose_name": "每日推送上限",
                "verbose_name_plural": "每日推送上限",
                "db_table": "notifications_push_limit",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("per_day__gte", 1), ("per_day__lte", 100)),
                        name="notifications_push_limit_sane",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PushCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("planned", models.PositiveIntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "notifications_push_count",
                "indexes": [models.Index(fields=["counted_at"], name="notifications_push_counted")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "day"), name="notifications_push_count_once")
                ],
            },
        ),
    ]
