"""Make the triggers that keep the record whole."""

from django.db import migrations

from district.audit import triggers


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(triggers.make, triggers.drop)]
