from django.db import migrations, models


class Migration(migrations.Migration):
    """The few refused events are found without walking past all others."""

    dependencies = [("clinic", "0003_signed_in")]
    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["clinic", "-seq"], name="audit_refused", condition=models.Q(outcome="refused")),
        ),
    ]
