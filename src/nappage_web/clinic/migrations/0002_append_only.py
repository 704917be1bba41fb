from django.db import migrations

from ..append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]
    operations = [append_only("clinic_auditevent")]
