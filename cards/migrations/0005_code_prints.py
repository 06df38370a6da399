"""Static codes that were printed."""

import django.db.models.deletion
from django.db import migrations, models

import foundation.core.ids


class Migration(migrations.Migration):
    """A row for each label."""

    dependencies = [
        ("cards", "0004_channels"),
    ]

    operations = [
        migrations.CreateModel(
            name="CodePrint",
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
                ("request_id", models.CharField(max_length=64)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("printed_by", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cards.card"
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cards.cardnumber"
                    ),
                ),
            ],
            options={
                "verbose_name": "静态码打印",
                "verbose_name_plural": "静态码打印",
                "db_table": "cards_code_print",
                "indexes": [models.Index(fields=["card", "at"], name="cards_code_print_card")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "request_id"), name="cards_code_print_once"
                    )
                ],
            },
        ),
    ]
