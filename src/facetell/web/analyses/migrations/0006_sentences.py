"""Stored sentences can be said in other languages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analyses", "0005_fetched_uploads")]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="sentences",
            field=models.JSONField(blank=True, default=dict),
        )
    ]
