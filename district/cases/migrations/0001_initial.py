import district.cases.triggers
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
            name="CalendarDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="day")),
                ("works", models.BooleanField(verbose_name="working day")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("edited_by", models.CharField(blank=True, max_length=150, verbose_name="changed by")),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hit", "Match with a key list"),
                            ("risk_at_gate", "Refused at a gate by a risk list"),
                            ("temperature", "Temperature at a gate"),
                            ("declaration", "Abnormal declaration"),
                            ("silent_gate", "Silent gate"),
                            ("list_expired", "Expired list at a gate"),
                            ("tamper", "Gate tampered with"),
                            ("fire", "Fire alarm at a gate"),
                            ("shortfall", "Shortage of supplies"),
                            ("whistle", "Reported problem"),
                            ("support", "Application for support"),
                            ("contact", "Contact to follow"),
                        ],
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reported", "reported"),
                            ("assigned", "assigned"),
                            ("in_progress", "in progress"),
                            ("resolved", "resolved"),
                            ("confirmed", "confirmed by the reporter"),
                            ("closed", "closed"),
                        ],
                        default="reported",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("discreet", models.BooleanField(default=False, verbose_name="kept from the site")),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("safety", "Safety"),
                            ("health", "Health and hygiene"),
                            ("supplies", "Supplies"),
                            ("living", "Dormitory and canteen"),
                            ("wages", "Wages and hours"),
                            ("gate", "Gate"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                        verbose_name="category",
                    ),
                ),
                ("title", district.fields.EncryptedTextField(editable=True, verbose_name="title")),
                ("text", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="description")),
                ("source", models.CharField(blank=True, max_length=80, verbose_name="source")),
                ("key", models.CharField(blank=True, max_length=120)),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="reported"),
                ),
                ("answer_due", models.DateTimeField(verbose_name="first answer due")),
                ("solution_due", models.DateTimeField(verbose_name="solution due")),
                ("confirm_due", models.DateTimeField(blank=True, null=True, verbose_name="confirmation due")),
                ("answered", models.DateTimeField(blank=True, null=True, verbose_name="first answer")),
                ("resolved", models.DateTimeField(blank=True, null=True, verbose_name="resolved")),
                ("closed", models.DateTimeField(blank=True, db_index=True, null=True, verbose_name="closed")),
                ("reopened", models.PositiveSmallIntegerField(default=0, verbose_name="times reopened")),
                ("escalate_at", models.DateTimeField(blank=True, null=True)),
                ("escalated", models.PositiveSmallIntegerField(default=0, verbose_name="times escalated")),
                (
                    "desk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="desk_cases", to="places.place"
                    ),
                ),
                (
                    "enterprise",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="places.enterprise",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="people.person",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="places.place"
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reported_cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reporter_person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reported_cases",
                        to="people.person",
                    ),
                ),
                (
                    "reporter_place",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.place"),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["reported", "assigned", "in_progress"])),
                        fields=["escalate_at"],
                        name="case_to_escalate",
                    ),
                    models.Index(fields=["place", "state"], name="cases_case_place_i_b61d45_idx"),
                    models.Index(fields=["owner", "state"], name="cases_case_owner_i_e7056d_idx"),
                    models.Index(fields=["kind", "closed"], name="cases_case_kind_05f0d4_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True), models.Q(("state", "closed"), _negated=True)
                        ),
                        fields=("key",),
                        name="case_key_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "reported"), ("owner__isnull", False), _connector="OR"),
                        name="case_has_its_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True), ("closed__isnull", False), _connector="OR"
                        ),
                        name="case_closed_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("solution_due__gte", models.F("answer_due"))), name="case_clocks_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CasePhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("photo", district.fields.EncryptedTextField(editable=True, verbose_name="photo")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("by", models.CharField(max_length=150, verbose_name="by")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="photos", to="cases.case"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("report", "reported"),
                            ("assign", "assigned"),
                            ("hand_over", "handed over"),
                            ("progress", "wrote a note"),
                            ("respond", "did a task"),
                            ("resolve", "resolved"),
                            ("confirm", "confirmed"),
                            ("close", "closed"),
                            ("reopen", "reopened"),
                            ("escalate", "went one place up"),
                            ("news", "a gate reported more"),
                        ],
                        max_length=12,
                        verbose_name="step",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reported", "reported"),
                            ("assigned", "assigned"),
                            ("in_progress", "in progress"),
                            ("resolved", "resolved"),
                            ("confirmed", "confirmed by the reporter"),
                            ("closed", "closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("by", models.CharField(max_length=150, verbose_name="by")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("said", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="note")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="cases.case"
                    ),
                ),
                (
                    "desk",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.place"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("leaves", models.DateTimeField()),
                ("mailed", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("seen", models.DateTimeField(blank=True, null=True, verbose_name="seen")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="cases.case"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="case_notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="cases.casestep"
                    ),
                ),
            ],
            options={
                "ordering": ["-made", "-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("mailed", None)), fields=["leaves"], name="case_notice_to_mail"),
                    models.Index(fields=["user", "-made"], name="case_notice_of_user"),
                ],
                "constraints": [models.UniqueConstraint(fields=("step", "user"), name="case_notice_once")],
            },
        ),
        migrations.CreateModel(
            name="CaseBroadcast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case"),
                ),
                (
                    "step",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="broadcast", to="cases.casestep"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CaseTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hit", "Match with a key list"),
                            ("risk_at_gate", "Refused at a gate by a risk list"),
                            ("temperature", "Temperature at a gate"),
                            ("declaration", "Abnormal declaration"),
                            ("silent_gate", "Silent gate"),
                            ("list_expired", "Expired list at a gate"),
                            ("tamper", "Gate tampered with"),
                            ("fire", "Fire alarm at a gate"),
                            ("shortfall", "Shortage of supplies"),
                            ("whistle", "Reported problem"),
                            ("support", "Application for support"),
                            ("contact", "Contact to follow"),
                        ],
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                ("opened", models.PositiveIntegerField(default=0)),
                ("late", models.PositiveIntegerField(default=0)),
                ("minutes", models.JSONField(default=list)),
                (
                    "place",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.place"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("day", "place", "kind"), name="case_tally_once")],
            },
        ),
        migrations.CreateModel(
            name="CaseTrigger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gate_id", models.CharField(max_length=63)),
                ("line", models.CharField(max_length=200)),
                ("seq", models.BigIntegerField()),
                ("made", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("gate_id", "line", "seq"), name="case_trigger_once")],
            },
        ),
        migrations.CreateModel(
            name="DutyHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("office", "Office hours"), ("night", "Night duty"), ("quiet", "Quiet hours")],
                        max_length=8,
                        verbose_name="type",
                    ),
                ),
                ("weekday", models.PositiveSmallIntegerField(verbose_name="weekday")),
                ("begins", models.TimeField(verbose_name="begins")),
                ("ends", models.TimeField(verbose_name="ends")),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="duty_hours", to="places.place"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="duty_hours",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "weekday", "begins"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="duty_weekday"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "night"), _negated=True), ("user__isnull", False), _connector="OR"
                        ),
                        name="night_duty_has_somebody",
                    ),
                    models.UniqueConstraint(fields=("place", "kind", "weekday", "begins"), name="duty_hours_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeasureCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="of_measure", to="cases.case"
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ResponseStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("task", models.CharField(max_length=24, verbose_name="task")),
                (
                    "proof",
                    models.CharField(
                        choices=[("none", "none"), ("text", "text"), ("photo", "photo")],
                        max_length=8,
                        verbose_name="proof",
                    ),
                ),
                ("done", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("done_by", models.CharField(blank=True, max_length=150, verbose_name="done by")),
                ("said", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="note")),
                ("photo", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="photo")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="response", to="cases.case"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("case", "number"), name="response_step_once")],
            },
        ),
        migrations.RunPython(
            code=district.cases.triggers.make,
            reverse_code=district.cases.triggers.drop,
        ),
    ]
