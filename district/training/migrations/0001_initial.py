import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0004_lists_by_day"),
        ("places", "0002_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClassSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_name", models.CharField(max_length=32, unique=True)),
                ("room", models.CharField(blank=True, max_length=80, verbose_name="room")),
                ("starts", models.DateTimeField(verbose_name="begins")),
                ("ends", models.DateTimeField(verbose_name="is over")),
                ("moments_asked", models.PositiveSmallIntegerField(default=1, verbose_name="random moments")),
                ("by", models.CharField(max_length=150, verbose_name="teacher")),
                ("begun", models.DateTimeField(blank=True, null=True, verbose_name="begun")),
                ("ending", models.DateTimeField(blank=True, null=True)),
                ("over", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "gate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="places.gate",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="classes", to="places.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-starts", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ClassMoment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="moments", to="training.classsession"
                    ),
                ),
            ],
            options={
                "ordering": ["session", "at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Course",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("kind", models.CharField(max_length=60, verbose_name="counts as training")),
                ("about", models.CharField(blank=True, max_length=500, verbose_name="what it is for")),
                (
                    "trade",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("010", "砌筑工"),
                            ("020", "钢筋工"),
                            ("030", "架子工"),
                            ("040", "混凝土工"),
                            ("050", "模板工"),
                            ("060", "机械设备安装工"),
                            ("070", "通风工"),
                            ("080", "安装起重工"),
                            ("090", "安装钳工"),
                            ("100", "电气设备安装调试工"),
                            ("110", "管道工"),
                            ("120", "变电安装工"),
                            ("130", "建筑电工"),
                            ("140", "司泵工"),
                            ("150", "挖掘铲运和桩工机械司机"),
                            ("160", "桩机操作工"),
                            ("170", "起重信号工"),
                            ("180", "建筑起重机械安装拆卸工"),
                            ("190", "装饰装修工"),
                            ("200", "室内成套设施安装工"),
                            ("210", "建筑门窗幕墙安装工"),
                            ("220", "幕墙制作工"),
                            ("230", "防水工"),
                            ("240", "木工"),
                            ("250", "石工"),
                            ("260", "泥塑工"),
                            ("270", "电焊工"),
                            ("280", "爆破工"),
                            ("290", "除尘工"),
                            ("300", "测量放线工"),
                            ("310", "线路架设工"),
                            ("320", "古建筑传统石工"),
                            ("330", "古建筑传统瓦工"),
                            ("340", "古建筑传统彩画工"),
                            ("350", "古建筑传统木工"),
                            ("360", "古建筑传统油工"),
                            ("380", "金属工"),
                            ("390", "杂工"),
                            ("900", "管理人员"),
                            ("1000", "其它"),
                        ],
                        max_length=4,
                        verbose_name="trade",
                    ),
                ),
                ("valid_days", models.PositiveSmallIntegerField(default=365, verbose_name="valid for days")),
                ("asked", models.PositiveSmallIntegerField(default=5, verbose_name="questions in a test")),
                ("pass_percent", models.PositiveSmallIntegerField(default=80, verbose_name="percent to pass")),
                (
                    "proof",
                    models.CharField(
                        choices=[("gate", "Code and face at a gate"), ("test", "The test alone")],
                        default="gate",
                        max_length=8,
                        verbose_name="completed by",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("published", "Shown to workers"),
                            ("retired", "Not shown any more"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("by", models.CharField(max_length=150, verbose_name="made by")),
                ("made", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="courses", to="places.place"
                    ),
                ),
            ],
            options={
                "ordering": ["title", "pk"],
                "indexes": [models.Index(fields=["place", "state"], name="training_co_place_i_360ced_idx")],
            },
        ),
        migrations.AddField(
            model_name="classsession",
            name="course",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="classes", to="training.course"
            ),
        ),
        migrations.CreateModel(
            name="CourseCompletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_name", models.CharField(max_length=32)),
                ("done", models.DateTimeField(verbose_name="completed")),
                ("expires", models.DateField(verbose_name="valid until")),
                ("in_class", models.BooleanField(default=False, verbose_name="in a class")),
                ("by", models.CharField(blank=True, max_length=150, verbose_name="confirmed by")),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="completions", to="training.course"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="course_completions",
                        to="people.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-done", "-pk"],
                "indexes": [models.Index(fields=["course", "expires"], name="training_co_course__dd169c_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "session_name"), name="course_completion_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CourseMedia",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mime", models.CharField(max_length=20)),
                ("size", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="media", to="training.course"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("course", "digest"), name="course_media_once")],
            },
        ),
        migrations.CreateModel(
            name="CoursePage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=120, verbose_name="heading")),
                ("text", models.TextField(blank=True, max_length=4000, verbose_name="text")),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="training.course"
                    ),
                ),
                (
                    "media",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="training.coursemedia",
                    ),
                ),
            ],
            options={
                "ordering": ["course", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CourseQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300, verbose_name="question")),
                ("choices", models.JSONField(default=list)),
                ("right", models.PositiveSmallIntegerField(default=0)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="training.course"
                    ),
                ),
            ],
            options={
                "ordering": ["course", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Learning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_name", models.CharField(max_length=32, unique=True)),
                ("started", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                ("pages_read", models.PositiveSmallIntegerField(default=0, verbose_name="pages read")),
                ("passed", models.DateTimeField(blank=True, null=True, verbose_name="test passed")),
                ("completed", models.DateTimeField(blank=True, null=True, verbose_name="completed")),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="learnings", to="training.course"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="learnings", to="people.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-started", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("completed", None)), fields=("person", "course"), name="learning_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CourseAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken", models.DateTimeField(default=django.utils.timezone.now)),
                ("right", models.PositiveSmallIntegerField()),
                ("asked", models.PositiveSmallIntegerField()),
                ("passed", models.BooleanField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.person"
                    ),
                ),
                (
                    "learning",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="training.learning"
                    ),
                ),
            ],
            options={
                "ordering": ["learning", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MediaPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "media",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="training.coursemedia"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("media", "number"), name="media_part_once")],
            },
        ),
        migrations.CreateModel(
            name="TrainingProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.CharField(
                        choices=[("proof", "proof"), ("start", "start"), ("moment", "moment"), ("end", "end")],
                        max_length=8,
                        verbose_name="step",
                    ),
                ),
                ("utc", models.DateTimeField(verbose_name="at what time")),
                ("proven", models.BooleanField(verbose_name="counts")),
                ("by_face", models.BooleanField(default=False, verbose_name="by face")),
                ("by", models.CharField(blank=True, max_length=150, verbose_name="confirmed by")),
                ("why", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("gate_name", models.CharField(blank=True, max_length=64, verbose_name="gate")),
                ("line", models.CharField(blank=True, max_length=140)),
                ("seq", models.PositiveBigIntegerField(default=0)),
                (
                    "learning",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proofs",
                        to="training.learning",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="training_proofs", to="people.person"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proofs",
                        to="training.classsession",
                    ),
                ),
            ],
            options={
                "ordering": ["-utc", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("gate_name", ""), _negated=True),
                        fields=("gate_name", "line", "seq"),
                        name="training_proof_once",
                    )
                ],
            },
        ),
    ]
