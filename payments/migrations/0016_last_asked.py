"""When a channel was last asked: one worker asks for a launch, and a refund is waited for from then on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two times."""

    dependencies = [("payments", "0015_reconciliation_guards")]
    operations = [
        migrations.AddField(
            model_name="paymentattempt",
            name="launching_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="sent_at",
            field=models.DateTimeField(null=True, verbose_name="送渠道时间"),
        ),
    ]
