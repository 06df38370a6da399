import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.core.ids
import gmcrypto.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Region",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=6, unique=True, verbose_name="区划代码")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="institutions.region",
                        verbose_name="上级区划",
                    ),
                ),
            ],
            options={
                "verbose_name": "行政区划",
                "verbose_name_plural": "行政区划",
                "db_table": "institutions_region",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Institution",
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
                ("code", models.CharField(max_length=22, unique=True, verbose_name="机构代码")),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                ("short_name", models.CharField(max_length=30, verbose_name="简称")),
                ("level", models.CharField(max_length=2, verbose_name="级别")),
                ("category", models.CharField(max_length=4, verbose_name="类别")),
                ("uscc", models.CharField(db_index=True, max_length=18, verbose_name="统一社会信用代码")),
                (
                    "hospital_id",
                    models.CharField(
                        blank=True, max_length=5, null=True, unique=True, verbose_name="医院编号"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("applied", "待审核"), ("approved", "已开通"), ("suspended", "已停用")],
                        default="applied",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("contact_name", gmcrypto.fields.EncryptedTextField(null=True)),
                ("contact_phone", gmcrypto.fields.EncryptedTextField(null=True)),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="institutions.region",
                        verbose_name="行政区划",
                    ),
                ),
            ],
            options={
                "verbose_name": "医疗机构",
                "verbose_name_plural": "医疗机构",
                "db_table": "institutions_institution",
            },
        ),
        migrations.CreateModel(
            name="StaffMembership",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("centre_admin", "卡管中心管理员"),
                            ("reviewer", "审核员"),
                            ("auditor", "审计员"),
                            ("institution_admin", "机构管理员"),
                            ("window_clerk", "窗口工作人员"),
                        ],
                        max_length=20,
                        verbose_name="职责",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="有效")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="开始时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="账号",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff",
                        to="institutions.institution",
                        verbose_name="机构",
                    ),
                ),
            ],
            options={
                "verbose_name": "工作人员",
                "verbose_name_plural": "工作人员",
                "db_table": "institutions_staff_membership",
            },
        ),
        migrations.CreateModel(
            name="Terminal",
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
                ("terminal_id", models.CharField(max_length=32, verbose_name="终端编号")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[("01", "人工窗口"), ("02", "自助终端"), ("99", "其他")],
                        max_length=2,
                        verbose_name="类型",
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=100, verbose_name="位置")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "使用中"), ("disabled", "已停用")],
                        default="active",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terminals",
                        to="institutions.institution",
                        verbose_name="机构",
                    ),
                ),
            ],
            options={
                "verbose_name": "用卡终端",
                "verbose_name_plural": "用卡终端",
                "db_table": "institutions_terminal",
            },
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^\\d{6}$")), name="institutions_region_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hospital_id", None), ("hospital_id__regex", "^\\d{5}$"), _connector="OR"
                ),
                name="institutions_hospital_id_digits",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffmembership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("account",),
                name="institutions_one_live_membership",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffmembership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("institution", None), ("role__in", ["auditor", "centre_admin", "reviewer"])),
                    models.Q(
                        models.Q(("role__in", ["auditor", "centre_admin", "reviewer"]), _negated=True),
                        ("institution__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="institutions_role_fits_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffmembership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("is_active", True)),
                    models.Q(("ended_at__isnull", False), ("is_active", False)),
                    _connector="OR",
                ),
                name="institutions_ended_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="terminal",
            constraint=models.UniqueConstraint(
                fields=("institution", "terminal_id"), name="institutions_terminal_once"
            ),
        ),
    ]
