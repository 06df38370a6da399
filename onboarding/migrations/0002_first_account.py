"""How long the contact of an approved application may make the first account."""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

CONTACT_LIFE = timedelta(days=30)


def count_from_the_decision(apps: Any, schema_editor: Any) -> None:
    """Give the contacts of before the same time, from when they were approved."""
    joinings = apps.get_model("onboarding", "Joining").objects.filter(state="approved")
    joinings.filter(decided_at__isnull=False).update(account_until=F("decided_at") + CONTACT_LIFE)
    joinings.filter(account_until=None).update(account_until=F("updated_at") + CONTACT_LIFE)


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="joining",
            name="account_until",
            field=models.DateTimeField(null=True, verbose_name="设置管理员账号的期限"),
        ),
        migrations.RunPython(count_from_the_decision, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="joining",
            constraint=models.CheckConstraint(
                condition=~Q(state="approved") | Q(account_until__isnull=False),
                name="onboarding_approved_has_deadline",
            ),
        ),
    ]
