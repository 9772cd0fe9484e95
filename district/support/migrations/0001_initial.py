import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportMeasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40, verbose_name="measure")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField()),
                ("by", models.CharField(max_length=150, verbose_name="published by")),
                ("published", models.DateTimeField(default=django.utils.timezone.now, verbose_name="published")),
                ("retired", models.DateTimeField(blank=True, null=True, verbose_name="out of use")),
            ],
            options={
                "ordering": ["key", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "version"), name="support_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("retired", None)), fields=("key",), name="support_one_in_force"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportApplication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40, verbose_name="measure")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("asked", "Waits for the enterprise"),
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                            ("paid", "Paid"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="sent",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("answers", models.JSONField(default=dict, verbose_name="answers")),
                ("result", models.JSONField(default=dict, verbose_name="result")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="calculated amount")),
                (
                    "granted",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="granted amount"
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("by", models.CharField(max_length=150, verbose_name="sent by")),
                ("made", models.DateTimeField(default=django.utils.timezone.now, verbose_name="sent")),
                ("changed", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last change")),
                ("decided_by", models.CharField(blank=True, max_length=150, verbose_name="decided by")),
                (
                    "case",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="support_application",
                        to="cases.case",
                    ),
                ),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="support_applications",
                        to="places.enterprise",
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="support.supportmeasure",
                    ),
                ),
            ],
            options={
                "ordering": ["-made", "-pk"],
                "indexes": [
                    models.Index(fields=["state", "made"], name="support_sup_state_d0097d_idx"),
                    models.Index(fields=["enterprise", "made"], name="support_sup_enterpr_699a5d_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("asked", "sent"))),
                        fields=("enterprise", "key"),
                        name="support_one_open",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="support_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("granted", None), ("granted__gt", 0), _connector="OR"),
                        name="support_granted_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("asked", "Waits for the enterprise"),
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                            ("paid", "Paid"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("by", models.CharField(max_length=150, verbose_name="by")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("said", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="support.supportapplication",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
    ]
