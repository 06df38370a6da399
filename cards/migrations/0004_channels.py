"""The ways in which cards are issued, each to be stopped alone."""

from django.db import migrations, models

import foundation.core.ids


class Migration(migrations.Migration):
    """A row for each way of issuing that was ever stopped, and the ways that are new."""

    dependencies = [
        ("cards", "0003_usage_by_institution"),
    ]

    operations = [
        migrations.CreateModel(
            name="IssuingChannel",
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
                    "code",
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
                        unique=True,
                        verbose_name="渠道",
                    ),
                ),
                ("is_open", models.BooleanField(default=True, verbose_name="开放")),
                ("changed_at", models.DateTimeField(verbose_name="变更时间")),
            ],
            options={
                "verbose_name": "发卡渠道",
                "verbose_name_plural": "发卡渠道",
                "db_table": "cards_channel",
            },
        ),
        migrations.AlterField(
            model_name="card",
            name="channel",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="cardapplication",
            name="channel",
            field=models.CharField(
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
    ]
