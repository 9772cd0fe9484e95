import district.fields
import django.core.validators
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
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hop", models.PositiveSmallIntegerField(verbose_name="hop")),
                ("rank", models.PositiveIntegerField(verbose_name="rank")),
                (
                    "certainty",
                    models.PositiveSmallIntegerField(
                        choices=[(3, "certain"), (2, "likely"), (1, "possible")], verbose_name="certainty"
                    ),
                ),
                ("first", models.DateTimeField(verbose_name="first met")),
                ("last", models.DateTimeField(verbose_name="last met")),
                ("found", models.BooleanField(default=True, verbose_name="still found")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not called"),
                            ("well", "reached, well"),
                            ("ill", "reached, ill"),
                            ("not_reached", "not reached"),
                            ("wrong_number", "wrong number"),
                            ("was_not_there", "says: was not there"),
                            ("elsewhere", "now in another district"),
                        ],
                        default="",
                        max_length=13,
                        verbose_name="outcome",
                    ),
                ),
                ("called", models.DateTimeField(blank=True, null=True, verbose_name="called")),
                ("call_again", models.DateField(blank=True, null=True, verbose_name="call again")),
                ("released", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="traced_as_contact",
                        to="people.person",
                    ),
                ),
            ],
            options={
                "ordering": ["rank", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("call_again__isnull", False)), fields=["call_again"], name="contact_again"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CallOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("well", "reached, well"),
                            ("ill", "reached, ill"),
                            ("not_reached", "not reached"),
                            ("wrong_number", "wrong number"),
                            ("was_not_there", "says: was not there"),
                            ("elsewhere", "now in another district"),
                        ],
                        max_length=13,
                        verbose_name="outcome",
                    ),
                ),
                ("note", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="note")),
                ("called", models.DateTimeField(default=django.utils.timezone.now, verbose_name="called")),
                ("by", models.CharField(max_length=150, verbose_name="called by")),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="tracing.contact"
                    ),
                ),
            ],
            options={
                "ordering": ["-called", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ContactReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("trip", "same vehicle"),
                            ("route", "same route on the same day"),
                            ("site", "same site at the same time"),
                            ("gate", "same gate within minutes"),
                            ("team", "same team"),
                        ],
                        max_length=5,
                        verbose_name="reason",
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                (
                    "certainty",
                    models.PositiveSmallIntegerField(
                        choices=[(3, "certain"), (2, "likely"), (1, "possible")], verbose_name="certainty"
                    ),
                ),
                ("first", models.DateTimeField(verbose_name="first")),
                ("last", models.DateTimeField(verbose_name="last")),
                ("rows", models.PositiveIntegerField(null=True, verbose_name="rows apart")),
                ("columns", models.PositiveIntegerField(null=True, verbose_name="seats apart in the row")),
                ("gap_s", models.PositiveIntegerField(null=True, verbose_name="seconds between passages")),
                ("together_s", models.PositiveIntegerField(null=True, verbose_name="seconds together")),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reasons", to="tracing.contact"
                    ),
                ),
                (
                    "via",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Investigation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("last_day", models.DateField(verbose_name="last day among people")),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="days to look back",
                    ),
                ),
                (
                    "hops",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "contacts"), (2, "contacts and their contacts")], default=1, verbose_name="hops"
                    ),
                ),
                (
                    "overlap_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="minutes together on a site",
                    ),
                ),
                (
                    "gate_minutes",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="minutes between two passages of a gate",
                    ),
                ),
                ("why", models.CharField(max_length=500, verbose_name="reason")),
                ("by", models.CharField(max_length=150, verbose_name="opened by")),
                ("traced", models.DateTimeField(blank=True, null=True, verbose_name="contacts found")),
                ("closed", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="investigations", to="people.person"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.place"),
                ),
            ],
            options={
                "ordering": ["-made", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed", None)),
                        fields=("measure", "person"),
                        name="investigation_open_once",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="investigation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="contacts", to="tracing.investigation"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["investigation", "rank"], name="contact_rank"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("investigation", "person"), name="contact_once"),
        ),
    ]
