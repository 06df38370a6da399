"""When the answers of an application were shredded."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns and their indexes."""

    dependencies = [
        ("cards", "0014_visits"),
        ("mpi", "0002_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="cardapplication",
            name="shredded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="cardapplication",
            index=models.Index(
                condition=models.Q(("decided_at__isnull", False), ("shredded_at", None)),
                fields=["decided_at"],
                name="cards_application_kept",
            ),
        ),
    ]
