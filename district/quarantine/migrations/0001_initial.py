import district.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("emergency", "0001_initial"),
        ("people", "0004_lists_by_day"),
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarantineOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("name", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="name")),
                ("name_index", models.CharField(blank=True, max_length=43)),
                ("phone", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="phone")),
                ("at_home", models.BooleanField(default=False, verbose_name="at home")),
                (
                    "where",
                    district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="address or room"),
                ),
                ("starts", models.DateField(verbose_name="first day")),
                ("ends", models.DateField(verbose_name="last day")),
                ("ordered", models.DateField(default=django.utils.timezone.localdate, verbose_name="ordered on")),
                ("why", models.CharField(max_length=300, verbose_name="reason")),
                ("visits_each_day", models.PositiveSmallIntegerField(default=2, verbose_name="visits each day")),
                ("by", models.CharField(max_length=150, verbose_name="ordered by")),
                ("released", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                ("outcome", models.CharField(blank=True, max_length=300, verbose_name="how it ended")),
                ("key", models.CharField(blank=True, max_length=80)),
                ("gates_told", models.DateTimeField(blank=True, null=True)),
                (
                    "enterprise",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="places.enterprise",
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="with",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantines",
                        to="people.person",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="places.place",
                        verbose_name="place",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("released", None)), fields=["place", "ends"], name="quarantine_open"
                    ),
                    models.Index(
                        condition=models.Q(("released", None)), fields=["holder"], name="quarantine_of_holder"
                    ),
                    models.Index(
                        condition=models.Q(("gates_told", None), ("person__isnull", False), ("released", None)),
                        fields=["starts"],
                        name="quarantine_gates_to_tell",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gte", models.F("starts"))), name="quarantine_in_order"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("person__isnull", False), ("released", None)),
                        fields=("measure", "person"),
                        name="quarantine_once_at_a_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True), fields=("key",), name="quarantine_key_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantineNeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", district.fields.EncryptedTextField(editable=True, verbose_name="what is needed")),
                ("asked", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked at")),
                ("asked_by", models.CharField(max_length=150, verbose_name="asked by")),
                ("done", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                ("done_by", models.CharField(blank=True, max_length=150, verbose_name="done by")),
                ("answer", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="what was done")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="needs",
                        to="quarantine.quarantineorder",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("done", None)), fields=["order"], name="quarantine_need_open")
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantineHandOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("means", models.CharField(blank=True, max_length=120, verbose_name="how they travel")),
                ("offered", models.DateTimeField(default=django.utils.timezone.now, verbose_name="offered")),
                ("due", models.DateTimeField(verbose_name="due")),
                ("accepted", models.DateTimeField(null=True, verbose_name="accepted")),
                ("accepted_by", models.CharField(blank=True, max_length=150, verbose_name="accepted by")),
                ("taken_back", models.DateTimeField(null=True, verbose_name="taken back")),
                ("why", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="reason")),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.place"
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hand_overs",
                        to="quarantine.quarantineorder",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("accepted", None), ("taken_back", None)),
                        fields=["due"],
                        name="quarantine_hand_over_due",
                    ),
                    models.Index(
                        condition=models.Q(("accepted", None), ("taken_back", None)),
                        fields=["receiver"],
                        name="quarantine_hand_over_to",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted", None), ("taken_back", None)),
                        fields=("order",),
                        name="quarantine_one_open_hand_over",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantineExtension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.DateField(verbose_name="until then")),
                ("ends", models.DateField(verbose_name="last day")),
                ("why", models.CharField(max_length=300, verbose_name="reason")),
                ("by", models.CharField(max_length=150, verbose_name="extended by")),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="extensions",
                        to="quarantine.quarantineorder",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="QuarantineVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                ("made", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("by", models.CharField(max_length=150, verbose_name="visited by")),
                ("met", models.BooleanField(default=True, verbose_name="somebody met the person")),
                (
                    "temperature",
                    district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="temperature"),
                ),
                ("symptoms", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="symptoms")),
                ("client_key", models.CharField(blank=True, max_length=40)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="visits",
                        to="quarantine.quarantineorder",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["order", "day"], name="quarantine_visit_day")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_key", ""), _negated=True),
                        fields=("order", "client_key"),
                        name="quarantine_visit_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantineWarning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="warnings",
                        to="quarantine.quarantineorder",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("order", "key"), name="quarantine_warned_once")],
            },
        ),
    ]
