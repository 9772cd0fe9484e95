"""Compares paths byte by byte: a branch is a range of paths."""

from django.db import migrations

from district.collation import bytewise


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [bytewise("places.Place", "path")]
