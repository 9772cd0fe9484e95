import district.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("emergency", "0001_initial"),
        ("people", "0004_lists_by_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("source", models.CharField(max_length=200, verbose_name="source")),
                ("legal_basis", models.CharField(max_length=500, verbose_name="legal basis")),
                ("starts", models.DateField(default=django.utils.timezone.localdate, verbose_name="first day")),
                ("ends", models.DateField(verbose_name="last day")),
                ("reason_code", models.CharField(max_length=40, verbose_name="reason code")),
                ("officer", models.CharField(max_length=80, verbose_name="officer")),
                ("by", models.CharField(max_length=150, verbose_name="loaded by")),
                ("loaded", models.DateTimeField(blank=True, null=True, verbose_name="loaded")),
                ("compared_again", models.DateTimeField(blank=True, null=True)),
                ("withdrawn", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ("stored", models.DateTimeField(blank=True, null=True)),
                ("confirmed", models.DateTimeField(blank=True, null=True)),
                ("row_count", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("refused", district.fields.EncryptedTextField(blank=True, editable=True)),
                ("sure_count", models.PositiveIntegerField(blank=True, null=True)),
                ("unsure_count", models.PositiveIntegerField(blank=True, null=True)),
                ("expiry_warned", models.DateTimeField(blank=True, null=True)),
                ("delivery", models.CharField(blank=True, max_length=120, null=True, unique=True)),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gte", models.F("starts"))), name="key_list_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ListFile",
            fields=[
                (
                    "list",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="screening.keylist",
                    ),
                ),
                ("file_name", district.fields.EncryptedTextField(editable=True, verbose_name="file")),
                ("content", district.fields.EncryptedTextField(editable=True)),
                ("sheet_name", district.fields.EncryptedTextField(blank=True, editable=True)),
                ("columns", district.fields.EncryptedTextField(blank=True, editable=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("columns", "Columns to choose"),
                            ("waiting", "Being read"),
                            ("refused", "Cannot be read"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("problem", district.fields.EncryptedTextField(blank=True, editable=True)),
                ("taken", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="KeyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("name", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="name")),
                ("joined", models.CharField(blank=True, max_length=160)),
                ("initials", models.CharField(blank=True, max_length=40)),
                ("number", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="number")),
                ("number_index", models.CharField(blank=True, max_length=43)),
                ("document_kind", models.CharField(blank=True, max_length=2)),
                ("phone", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="phone")),
                ("phone_index", models.CharField(blank=True, max_length=43)),
                ("birth", models.DateField(blank=True, null=True, verbose_name="date of birth")),
                ("area", models.CharField(blank=True, max_length=6, verbose_name="comes from")),
                ("province", models.CharField(blank=True, max_length=2)),
                ("note", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="note")),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="screening.keylist"
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
                "indexes": [
                    models.Index(fields=["number_index"], name="key_row_number"),
                    models.Index(fields=["phone_index"], name="key_row_phone"),
                    models.Index(fields=["birth"], name="key_row_birth"),
                    models.Index(fields=["province", "initials"], name="key_row_province"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("source", models.CharField(max_length=200, verbose_name="source")),
                ("legal_basis", models.CharField(max_length=500, verbose_name="legal basis")),
                ("reason_code", models.CharField(max_length=40, verbose_name="reason code")),
                ("officer", models.CharField(max_length=80, verbose_name="officer")),
                ("secret", district.fields.EncryptedTextField(editable=True)),
                ("by", models.CharField(max_length=150, verbose_name="made by")),
                ("received", models.DateTimeField(blank=True, null=True, verbose_name="last list received")),
                ("ended", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
            name="ListRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("area", models.CharField(max_length=6, verbose_name="area")),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("at_once", models.BooleanField(default=False, verbose_name="without a decision")),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="screening.keylist"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))), name="list_rule_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "made",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("number", "number of the document"),
                            ("phone", "phone"),
                            ("name", "name, with birth or province"),
                            ("place", "place and days"),
                        ],
                        max_length=8,
                        verbose_name="found by",
                    ),
                ),
                ("score", models.FloatField(default=1.0, verbose_name="likeness")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("candidate", "waits for a decision"),
                            ("dismissed", "somebody else"),
                            ("in_force", "in force"),
                            ("lifted", "lifted"),
                            ("over", "over"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("until", models.DateTimeField(verbose_name="until")),
                ("decided_by", models.CharField(blank=True, max_length=150, verbose_name="decided by")),
                ("decided", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("why", district.fields.EncryptedTextField(blank=True, editable=True, verbose_name="reason")),
                ("warned", models.DateTimeField(blank=True, null=True)),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="emergency.emergencymeasure"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hits", to="people.person"
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hits", to="screening.keylist"
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hits",
                        to="screening.keyrow",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hits",
                        to="screening.listrule",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "made"], name="hit_state"),
                    models.Index(condition=models.Q(("state", "in_force")), fields=["until"], name="hit_until"),
                    models.Index(
                        condition=models.Q(("state", "in_force"), ("warned", None)), fields=["made"], name="hit_to_warn"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "row"), name="hit_of_row_once"),
                    models.UniqueConstraint(fields=("person", "rule"), name="hit_of_rule_once"),
                ],
            },
        ),
    ]
