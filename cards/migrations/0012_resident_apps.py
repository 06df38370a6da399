"""Applications that call the resident API."""

from django.db import migrations, models

import foundation.core.ids


class Migration(migrations.Migration):
    """A row for each application."""

    dependencies = [
        ("cards", "0011_family"),
    ]

    operations = [
        migrations.CreateModel(
            name="ResidentApp",
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
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("h5", "手机网页"),
                            ("weixin_mini", "微信小程序"),
                            ("weixin_official", "微信服务号"),
                            ("app", "手机应用"),
                            ("alipay", "支付宝"),
                            ("bank", "银行应用"),
                            ("institution", "医疗机构系统"),
                            ("hospital_account", "医院公众号"),
                            ("window", "人工窗口"),
                            ("kiosk", "自助机"),
                            ("physical", "实体卡激活"),
                            ("batch", "批量预制"),
                        ],
                        max_length=20,
                        verbose_name="渠道",
                    ),
                ),
                ("is_open", models.BooleanField(default=True, verbose_name="开放")),
            ],
            options={
                "verbose_name": "居民端应用",
                "verbose_name_plural": "居民端应用",
                "db_table": "cards_resident_app",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["alipay", "app", "bank", "weixin_mini"])),
                        name="cards_resident_app_channel",
                    )
                ],
            },
        ),
    ]
