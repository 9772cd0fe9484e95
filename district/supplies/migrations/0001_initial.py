import datetime
import district.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        ("emergency", "0001_initial"),
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("by", models.CharField(max_length=150, verbose_name="declared by")),
                ("changed", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last change")),
                ("date", models.DateField(default=django.utils.timezone.localdate, verbose_name="day")),
                ("isolation_places", models.PositiveIntegerField(default=0, verbose_name="isolation places")),
                ("isolation_used", models.PositiveIntegerField(default=0, verbose_name="isolation places in use")),
                ("people", models.PositiveIntegerField(default=0, verbose_name="people back")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["date", "project"], name="site_report_day")],
                "constraints": [models.UniqueConstraint(fields=("project", "date"), name="site_report_once")],
            },
        ),
        migrations.CreateModel(
            name="SpotCheckDraw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate, verbose_name="day")),
                ("seed", models.CharField(max_length=64, verbose_name="seed")),
                ("numbers", models.JSONField(default=list, verbose_name="numbers")),
                ("size", models.PositiveSmallIntegerField(default=1, verbose_name="drawn")),
                ("by", models.CharField(max_length=150, verbose_name="drawn by")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.place"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("place", "day"), name="spot_draw_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="StartCommitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("by", models.CharField(max_length=150, verbose_name="declared by")),
                ("changed", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last change")),
                ("starts", models.DateField(verbose_name="work starts")),
                ("people", models.PositiveIntegerField(verbose_name="people planned")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_force", "in force"),
                            ("stopped", "stopped by the district"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="in_force",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")), fields=("project",), name="start_commitment_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SpotCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("passed", "kept"), ("mended", "put right at once"), ("failed", "not kept")],
                        max_length=8,
                        verbose_name="result",
                    ),
                ),
                ("note", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="note")),
                ("by", models.CharField(blank=True, max_length=150, verbose_name="checked by")),
                ("checked", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="cases.case",
                    ),
                ),
                (
                    "draw",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="supplies.spotcheckdraw"
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checks",
                        to="supplies.startcommitment",
                    ),
                ),
            ],
            options={
                "ordering": ["-draw", "number"],
                "constraints": [models.UniqueConstraint(fields=("draw", "commitment"), name="spot_check_once")],
            },
        ),
        migrations.CreateModel(
            name="SupplyLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("masks", "Masks (pieces)"),
                            ("suits", "Protective suits (pieces)"),
                            ("goggles", "Goggles (pieces)"),
                            ("gloves", "Gloves (pairs)"),
                            ("disinfectant", "Disinfectant (litres)"),
                            ("hand_rub", "Hand rub (bottles)"),
                            ("thermometers", "Thermometers (pieces)"),
                        ],
                        max_length=12,
                        verbose_name="item",
                    ),
                ),
                ("stock", models.PositiveIntegerField(verbose_name="stock")),
                ("daily_use", models.PositiveIntegerField(default=0, verbose_name="used each day")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="supplies.sitereport"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("report", "item"), name="supply_line_once")],
            },
        ),
        migrations.CreateModel(
            name="SupplyOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("masks", "Masks (pieces)"),
                            ("suits", "Protective suits (pieces)"),
                            ("goggles", "Goggles (pieces)"),
                            ("gloves", "Gloves (pairs)"),
                            ("disinfectant", "Disinfectant (litres)"),
                            ("hand_rub", "Hand rub (bottles)"),
                            ("thermometers", "Thermometers (pieces)"),
                        ],
                        max_length=12,
                        verbose_name="item",
                    ),
                ),
                ("amount", models.PositiveIntegerField(verbose_name="quantity")),
                ("received", models.PositiveIntegerField(blank=True, null=True, verbose_name="quantity received")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "asked"),
                            ("agreed", "agreed"),
                            ("sent", "on its way"),
                            ("received", "received"),
                            ("refused", "refused"),
                            ("cancelled", "cancelled"),
                        ],
                        default="offered",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("by", models.CharField(max_length=150, verbose_name="asked by")),
                ("changed", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last change")),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="cases.case",
                    ),
                ),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="places.project",
                        verbose_name="gives",
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "taker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="places.project",
                        verbose_name="receives",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "made"], name="supplies_su_state_b49669_idx"),
                    models.Index(fields=["taker", "state"], name="supplies_su_taker_i_ee05e4_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="supply_offer_amount"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["offered", "agreed", "sent"])),
                        fields=("giver", "taker", "item"),
                        name="supply_offer_once_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplyPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due", models.TimeField(default=datetime.time(10, 0), verbose_name="declare before")),
                ("short_days", models.PositiveSmallIntegerField(default=3, verbose_name="short below (days)")),
                ("enough_days", models.PositiveSmallIntegerField(default=7, verbose_name="enough from (days)")),
                ("surplus_days", models.PositiveSmallIntegerField(default=14, verbose_name="surplus above (days)")),
                (
                    "people_per_thermometer",
                    models.PositiveSmallIntegerField(default=50, verbose_name="people for each thermometer"),
                ),
                ("listed_areas", models.CharField(blank=True, max_length=500, verbose_name="listed areas")),
                (
                    "measure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supply_policy",
                        to="emergency.emergencymeasure",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EmployerCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("by", models.CharField(max_length=150, verbose_name="declared by")),
                ("changed", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last change")),
                ("date", models.DateField(default=django.utils.timezone.localdate, verbose_name="day")),
                ("expected", models.PositiveIntegerField(default=0, verbose_name="people expected")),
                ("back", models.PositiveIntegerField(default=0, verbose_name="people back")),
                ("from_listed", models.PositiveIntegerField(default=0, verbose_name="of them from listed areas")),
                ("abnormal", models.PositiveIntegerField(default=0, verbose_name="of them not well")),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["date", "project"], name="employer_count_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "enterprise", "date"), name="employer_count_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FilingReminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("date", models.DateField(default=django.utils.timezone.localdate, verbose_name="day")),
                ("mails", models.PositiveSmallIntegerField(default=0, verbose_name="mails sent")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "date"), name="filing_reminder_once")],
            },
        ),
    ]
