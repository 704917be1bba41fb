from django.db import migrations

from ...clinic.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]
    operations = [append_only(f"patients_{name}") for name in ("document", "attachment", "edit")]
