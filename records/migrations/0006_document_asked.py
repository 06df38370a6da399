"""How often a hospital was asked for the PDF of a report, and when it is asked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A number that the database gives rows that stand, and a time."""

    dependencies = [("records", "0005_one_opening_a_form")]
    operations = [
        migrations.AddField(
            model_name="reportversion",
            name="asks",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reportversion",
            name="next_ask_at",
            field=models.DateTimeField(null=True),
        ),
    ]
