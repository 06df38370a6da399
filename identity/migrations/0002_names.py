"""What staff call these things."""

from django.db import migrations


class Migration(migrations.Migration):
    """Names alone; no table changes."""

    dependencies = [
        ("identity", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="consentrecord",
            options={"verbose_name": "同意记录", "verbose_name_plural": "同意记录"},
        ),
        migrations.AlterModelOptions(
            name="holding",
            options={"verbose_name": "持卡关系", "verbose_name_plural": "持卡关系"},
        ),
        migrations.AlterModelOptions(
            name="identitycheck",
            options={"verbose_name": "实名核验", "verbose_name_plural": "实名核验"},
        ),
        migrations.AlterModelOptions(
            name="privacynotice",
            options={
                "ordering": ["-in_force_from"],
                "verbose_name": "隐私政策",
                "verbose_name_plural": "隐私政策",
            },
        ),
    ]
