from django.db import migrations

from nappage_web.clinic.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("planning", "0002_closed_days")]
    operations = [append_only("planning_override")]
