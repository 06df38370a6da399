from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="clientkey",
            name="algorithm",
            field=models.CharField(
                choices=[
                    ("HMAC-SM3", "HMAC-SM3（共享密钥）"),
                    ("SM2-SM3", "SM2-SM3（公钥）"),
                    ("TENCENT", "腾讯兼容（appSecret）"),
                    ("NATIONAL", "国家 SDK（系统密钥）"),
                ],
                max_length=10,
                verbose_name="算法",
            ),
        ),
    ]
