"""Compares paths byte by byte: an auditor's part of the tree is a range of paths."""

from django.db import migrations

from district.collation import bytewise


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_triggers")]
    operations = [bytewise("audit.Entry", "place_path")]
