import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyMeasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("declarations", "Workers declare health and trips"),
                            ("supplies", "Sites declare people and supplies"),
                            ("screening", "Key lists are compared"),
                            ("tracing", "Contacts are traced"),
                            ("quarantine", "Quarantine is followed"),
                        ],
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                ("purpose", models.CharField(max_length=500, verbose_name="purpose")),
                ("legal_basis", models.CharField(max_length=500, verbose_name="legal basis")),
                ("starts", models.DateField(verbose_name="first day")),
                ("ends", models.DateField(verbose_name="last day")),
                ("kept_days", models.PositiveSmallIntegerField(verbose_name="days that each entry is kept")),
                ("by", models.CharField(max_length=150, verbose_name="started by")),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended", models.DateTimeField(blank=True, null=True, verbose_name="ended early")),
                ("erased", models.DateTimeField(blank=True, null=True, verbose_name="data erased")),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="measures", to="places.place"
                    ),
                ),
            ],
            options={
                "ordering": ["-starts", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended", None)), fields=["kind", "ends"], name="emergency_measure_open"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gte", models.F("starts"))), name="emergency_measure_in_order"
                    )
                ],
            },
        ),
    ]
