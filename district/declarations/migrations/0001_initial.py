import district.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("emergency", "0001_initial"),
        ("people", "0004_lists_by_day"),
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeclarationPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "valid_hours",
                    models.PositiveSmallIntegerField(default=24, verbose_name="hours that a declaration holds"),
                ),
                (
                    "look_back_days",
                    models.PositiveSmallIntegerField(default=14, verbose_name="days of trips and places"),
                ),
                (
                    "fever_tenths",
                    models.PositiveSmallIntegerField(default=373, verbose_name="too high from (tenths of a degree)"),
                ),
                (
                    "twice_daily_trades",
                    models.CharField(blank=True, max_length=200, verbose_name="trades with two temperatures a day"),
                ),
                ("at_gate", models.BooleanField(default=False, verbose_name="gates ask for a valid declaration")),
                ("told", models.PositiveSmallIntegerField(editable=False, null=True)),
                (
                    "measure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="declaration_policy",
                        to="emergency.emergencymeasure",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DeclarationKiosk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="where it stands")),
                ("address", models.CharField(max_length=43, unique=True)),
                ("made", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("by", models.CharField(max_length=150, verbose_name="made by")),
                ("closed", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="emergency.emergencymeasure"
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
                "indexes": [models.Index(fields=["project", "closed"], name="kiosk_of_site")],
            },
        ),
        migrations.CreateModel(
            name="DeclaredState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("counts", models.DateTimeField(null=True, verbose_name="valid declaration of")),
                ("held", models.DateTimeField(null=True, verbose_name="waits for a decision since")),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="people.person"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["project", "counts"], name="declared_state_project")],
                "constraints": [models.UniqueConstraint(fields=("person",), name="declared_state_once")],
            },
        ),
        migrations.CreateModel(
            name="HealthDeclaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("by", models.CharField(max_length=150, verbose_name="declared by")),
                (
                    "way",
                    models.CharField(
                        choices=[("phone", "own phone"), ("clerk", "by a clerk"), ("kiosk", "tablet on the site")],
                        default="phone",
                        max_length=5,
                        verbose_name="way",
                    ),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate, verbose_name="day")),
                ("declared", models.DateTimeField(default=django.utils.timezone.now, verbose_name="declared")),
                ("symptoms", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="symptoms")),
                (
                    "temperature",
                    district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="temperature"),
                ),
                (
                    "contact_with_case",
                    models.BooleanField(default=False, verbose_name="contact with a case in the household"),
                ),
                ("abnormal", models.CharField(blank=True, max_length=60, verbose_name="abnormal")),
                ("origin_code", models.CharField(blank=True, max_length=6, verbose_name="comes from")),
                ("living_code", models.CharField(blank=True, max_length=6, verbose_name="lived last in")),
                ("client_key", models.CharField(blank=True, max_length=40)),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="people.person"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "-declared"], name="health_declaration_latest"),
                    models.Index(fields=["project", "day"], name="health_declaration_day"),
                    models.Index(
                        condition=models.Q(("abnormal", ""), _negated=True),
                        fields=["project", "day"],
                        name="health_abnormal",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_key", ""), _negated=True),
                        fields=("person", "client_key"),
                        name="health_declaration_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stopover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("area", models.CharField(max_length=6, verbose_name="place")),
                ("from_day", models.DateField(verbose_name="from")),
                ("until_day", models.DateField(verbose_name="until")),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="people.person"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["area", "until_day"], name="stopover_area"),
                    models.Index(fields=["person", "until_day"], name="stopover_of_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("measure", "person", "area", "from_day"), name="stopover_once"),
                    models.CheckConstraint(
                        condition=models.Q(("until_day__gte", models.F("from_day"))), name="stopover_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemperatureReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("taken", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("degrees", district.fields.EncryptedTextField(editable=True, verbose_name="temperature")),
                ("high", models.BooleanField(default=False, verbose_name="too high")),
                ("source", models.CharField(max_length=80, verbose_name="source")),
                ("key", models.CharField(blank=True, max_length=80)),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="people.person"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "-taken"], name="temperature_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True), fields=("key",), name="temperature_reading_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Trip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("flight", "flight"),
                            ("train", "train"),
                            ("coach", "coach"),
                            ("ferry", "ferry"),
                            ("car", "car"),
                        ],
                        max_length=6,
                        verbose_name="by",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=20, verbose_name="number")),
                ("day", models.DateField(verbose_name="day of departure")),
                ("carriage", models.CharField(blank=True, max_length=3, verbose_name="carriage")),
                ("seat", models.CharField(blank=True, max_length=6, verbose_name="seat")),
                ("from_code", models.CharField(blank=True, max_length=6, verbose_name="from")),
                ("to_code", models.CharField(blank=True, max_length=6, verbose_name="to")),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.enterprise"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="people.person"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="places.project"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["number", "day", "carriage"], name="trip_together"),
                    models.Index(fields=["person", "day"], name="trip_of_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("measure", "person", "day", "mode", "number", "from_code", "to_code"), name="trip_once"
                    )
                ],
            },
        ),
    ]
