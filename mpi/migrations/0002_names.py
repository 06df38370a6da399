"""What staff call these things."""

from django.db import migrations


class Migration(migrations.Migration):
    """Names alone; no table changes."""

    dependencies = [
        ("mpi", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={"verbose_name": "居民", "verbose_name_plural": "居民"},
        ),
    ]
