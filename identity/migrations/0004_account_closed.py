"""Holdings that end because the account was closed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Choices alone; no table changes."""

    dependencies = [
        ("identity", "0003_family"),
    ]

    operations = [
        migrations.AlterField(
            model_name="holding",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_needed", "不再需要代管"),
                    ("wrong_person", "加错了人"),
                    ("not_agreed", "本人不同意继续代管"),
                    ("came_of_age", "已满18岁，由本人管理"),
                    ("by_staff", "由工作人员办理结束"),
                    ("taken_over", "本人凭更强的证明取回"),
                    ("closed", "账户已注销"),
                ],
                max_length=20,
            ),
        ),
    ]
