import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import annual_report.models.observation


class Migration(migrations.Migration):
    dependencies = [
        ("annual_report", "0001_catalogue_campaign_report"),
        ("organisations", "0003_track_changes_of_municipalities"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dataset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="код")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                (
                    "title_en",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="название по-английски"
                    ),
                ),
                ("publisher", models.CharField(max_length=200, verbose_name="кто публикует")),
                (
                    "source",
                    models.CharField(max_length=300, verbose_name="источник, как его указывать"),
                ),
                (
                    "source_en",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="источник по-английски"
                    ),
                ),
                ("url", models.URLField(blank=True, verbose_name="адрес")),
                (
                    "licence",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="условия использования"
                    ),
                ),
                (
                    "is_federal",
                    models.BooleanField(
                        default=False,
                        help_text="Такими данными заполняются формы и проверяются ответы муниципалитетов.",
                        verbose_name="федеральные данные",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=100,
                        help_text="Если показатель есть в нескольких наборах: меньше — важнее.",
                        verbose_name="очерёдность",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="примечание")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="создан")),
            ],
            options={
                "verbose_name": "набор данных",
                "verbose_name_plural": "наборы данных",
                "ordering": ["priority", "title"],
            },
        ),
        migrations.CreateModel(
            name="DatasetEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("code", models.SlugField(db_index=False, max_length=40, verbose_name="код")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                (
                    "title_en",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="название по-английски"
                    ),
                ),
                ("publisher", models.CharField(max_length=200, verbose_name="кто публикует")),
                (
                    "source",
                    models.CharField(max_length=300, verbose_name="источник, как его указывать"),
                ),
                (
                    "source_en",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="источник по-английски"
                    ),
                ),
                ("url", models.URLField(blank=True, verbose_name="адрес")),
                (
                    "licence",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="условия использования"
                    ),
                ),
                (
                    "is_federal",
                    models.BooleanField(
                        default=False,
                        help_text="Такими данными заполняются формы и проверяются ответы муниципалитетов.",
                        verbose_name="федеральные данные",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=100,
                        help_text="Если показатель есть в нескольких наборах: меньше — важнее.",
                        verbose_name="очерёдность",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="примечание")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="создан")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImportMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=60, unique=True, verbose_name="имя")),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="название")),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("long", "одно значение в строке"),
                            ("wide", "значения по столбцам"),
                        ],
                        default="long",
                        max_length=5,
                        verbose_name="строение",
                    ),
                ),
                (
                    "sheet",
                    models.CharField(
                        blank=True,
                        help_text="Пусто — первый лист.",
                        max_length=100,
                        verbose_name="лист",
                    ),
                ),
                (
                    "header_row",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="первая строка заголовка"
                    ),
                ),
                (
                    "header_rows",
                    models.PositiveSmallIntegerField(default=1, verbose_name="строк в заголовке"),
                ),
                ("columns", models.JSONField(default=dict, verbose_name="столбцы")),
                (
                    "options",
                    models.JSONField(blank=True, default=dict, verbose_name="правила чтения"),
                ),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="изменено")),
            ],
            options={
                "verbose_name": "сопоставление столбцов",
                "verbose_name_plural": "сопоставления столбцов",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ImportMappingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.SlugField(db_index=False, max_length=60, verbose_name="имя")),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="название")),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("long", "одно значение в строке"),
                            ("wide", "значения по столбцам"),
                        ],
                        default="long",
                        max_length=5,
                        verbose_name="строение",
                    ),
                ),
                (
                    "sheet",
                    models.CharField(
                        blank=True,
                        help_text="Пусто — первый лист.",
                        max_length=100,
                        verbose_name="лист",
                    ),
                ),
                (
                    "header_row",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="первая строка заголовка"
                    ),
                ),
                (
                    "header_rows",
                    models.PositiveSmallIntegerField(default=1, verbose_name="строк в заголовке"),
                ),
                ("columns", models.JSONField(default=dict, verbose_name="столбцы")),
                (
                    "options",
                    models.JSONField(blank=True, default=dict, verbose_name="правила чтения"),
                ),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="изменено")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Observation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                (
                    "value",
                    models.DecimalField(decimal_places=6, max_digits=24, verbose_name="значение"),
                ),
            ],
            options={
                "verbose_name": "наблюдение",
                "verbose_name_plural": "наблюдения",
            },
        ),
        migrations.CreateModel(
            name="ObservationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                (
                    "value",
                    models.DecimalField(decimal_places=6, max_digits=24, verbose_name="значение"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ObservationImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="файл")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        storage=annual_report.models.observation.private_storage,
                        upload_to=annual_report.models.observation.import_path,
                    ),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="хеш файла")),
                ("size", models.PositiveBigIntegerField(verbose_name="размер, байт")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "загружен"),
                            ("checked", "проверен"),
                            ("done", "принят"),
                            ("failed", "не принят"),
                        ],
                        default="uploaded",
                        max_length=10,
                        verbose_name="состояние",
                    ),
                ),
                ("read", models.PositiveIntegerField(default=0, verbose_name="прочитано")),
                ("new", models.PositiveIntegerField(default=0, verbose_name="новых")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="изменено")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="без изменений")),
                ("folded", models.PositiveIntegerField(default=0, verbose_name="вошло в суммы")),
                ("duplicates", models.PositiveIntegerField(default=0, verbose_name="повторов")),
                (
                    "left_out",
                    models.PositiveIntegerField(default=0, verbose_name="пропущено по правилам"),
                ),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="отклонено")),
                (
                    "refused_by",
                    models.JSONField(default=dict, verbose_name="отклонено по причинам"),
                ),
                ("repaired", models.JSONField(default=dict, verbose_name="исправлено при чтении")),
                (
                    "rejected",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        storage=annual_report.models.observation.private_storage,
                        upload_to=annual_report.models.observation.import_path,
                        verbose_name="отклонённые строки",
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="почему файл не принят")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="загружен")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="принят")),
            ],
            options={
                "verbose_name": "загрузка наблюдений",
                "verbose_name_plural": "загрузки наблюдений",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dataset",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "annual_report_datasetevent" ("code", "created_at", "id", "is_federal", "licence", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "publisher", "source", "source_en", "title", "title_en", "url") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."is_federal", NEW."licence", NEW."note", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."priority", NEW."publisher", NEW."source", NEW."source_en", NEW."title", NEW."title_en", NEW."url"); RETURN NULL;',
                    hash="1d793b111241ad86b748f2a8a589677090c9562f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_727fc",
                    table="annual_report_dataset",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dataset",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "annual_report_datasetevent" ("code", "created_at", "id", "is_federal", "licence", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "publisher", "source", "source_en", "title", "title_en", "url") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."is_federal", NEW."licence", NEW."note", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."priority", NEW."publisher", NEW."source", NEW."source_en", NEW."title", NEW."title_en", NEW."url"); RETURN NULL;',
                    hash="5278f941ccc45d6e771a414cf424b42e77001471",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6cf65",
                    table="annual_report_dataset",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="datasetevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="datasetevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="annual_report.dataset",
            ),
        ),
        migrations.AddField(
            model_name="importmapping",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importmapping",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mappings",
                to="annual_report.dataset",
                verbose_name="набор данных",
            ),
        ),
        migrations.AddField(
            model_name="importmappingevent",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importmappingevent",
            name="dataset",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="annual_report.dataset",
                verbose_name="набор данных",
            ),
        ),
        migrations.AddField(
            model_name="importmappingevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="importmappingevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="annual_report.importmapping",
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="dataset",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="observations",
                to="annual_report.dataset",
                verbose_name="набор данных",
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="indicator",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="observations",
                to="annual_report.indicator",
                verbose_name="показатель",
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="municipality",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="observations",
                to="organisations.municipality",
                verbose_name="муниципальное образование",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="dataset",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="annual_report.dataset",
                verbose_name="набор данных",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="indicator",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="annual_report.indicator",
                verbose_name="показатель",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="municipality",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="organisations.municipality",
                verbose_name="муниципальное образование",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="annual_report.observation",
            ),
        ),
        migrations.AddField(
            model_name="observationimport",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="observationimport",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to="annual_report.dataset",
                verbose_name="набор данных",
            ),
        ),
        migrations.AddField(
            model_name="observationimport",
            name="mapping",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to="annual_report.importmapping",
                verbose_name="сопоставление",
            ),
        ),
        migrations.AddField(
            model_name="observationevent",
            name="taken_from",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="annual_report.observationimport",
                verbose_name="загрузка",
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="taken_from",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="observations",
                to="annual_report.observationimport",
                verbose_name="загрузка",
            ),
        ),
        migrations.AddConstraint(
            model_name="importmapping",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("header_row__gte", 1), ("header_rows__gte", 1), ("header_rows__lte", 5)
                ),
                name="import_mapping_header_rows",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importmapping",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "annual_report_importmappingevent" ("columns", "created_by_id", "dataset_id", "header_row", "header_rows", "id", "layout", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sheet", "title", "updated_at") VALUES (NEW."columns", NEW."created_by_id", NEW."dataset_id", NEW."header_row", NEW."header_rows", NEW."id", NEW."layout", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."sheet", NEW."title", NEW."updated_at"); RETURN NULL;',
                    hash="2760b3d128d65ce9bc153ab5ff09766c1d615243",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_180ec",
                    table="annual_report_importmapping",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importmapping",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "annual_report_importmappingevent" ("columns", "created_by_id", "dataset_id", "header_row", "header_rows", "id", "layout", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sheet", "title", "updated_at") VALUES (NEW."columns", NEW."created_by_id", NEW."dataset_id", NEW."header_row", NEW."header_rows", NEW."id", NEW."layout", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."sheet", NEW."title", NEW."updated_at"); RETURN NULL;',
                    hash="0c69af8bd819c65fb942091809cf222d6e45e4d6",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_80a01",
                    table="annual_report_importmapping",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="observationimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("finished_at__isnull", False),
                    _connector="OR",
                ),
                name="observation_import_done_when",
            ),
        ),
        migrations.AddIndex(
            model_name="observation",
            index=models.Index(
                fields=["municipality", "indicator", "year"], name="observation_municipality"
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.UniqueConstraint(
                fields=("indicator", "year", "dataset", "municipality"), name="observation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("year__gte", 1990), ("year__lte", 2100)),
                name="observation_year",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="observation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "annual_report_observationevent" ("dataset_id", "id", "indicator_id", "municipality_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "taken_from_id", "value", "year") SELECT old_values."dataset_id", old_values."id", old_values."indicator_id", old_values."municipality_id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."taken_from_id", old_values."value", old_values."year" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."value" IS DISTINCT FROM (new_values."value")) ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="3b8092cd20c36f0ac85747ade4c8253216b9a725",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ab82e",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="annual_report_observation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="observation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "annual_report_observationevent" ("dataset_id", "id", "indicator_id", "municipality_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "taken_from_id", "value", "year") SELECT old_values."dataset_id", old_values."id", old_values."indicator_id", old_values."municipality_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."taken_from_id", old_values."value", old_values."year" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="262a69029def4136ad98dc6635f1481912f2ebc2",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_38723",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="annual_report_observation",
                    when="AFTER",
                ),
            ),
        ),
    ]
