"""Tables of the catalogue: their columns, and which rows are refused."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Value, When
from import_export import resources
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader

from annual_report.exchange import widgets
from annual_report.models import (
    ControlRule,
    FieldMove,
    Form,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Section,
)
from annual_report.models.catalogue import TEXTS
from annual_report.services.catalogue_checks import check_indicator, check_rule, last_filed_year
from annual_report.services.forms import why_locked
from annual_report.services.versions import add_version, sync_newest_version

#: Columns that have no verbose name of their own on the model.
NAMES = {"indicator": "показатель", "form": "форма"}
#: A version's words; the rest decides what values mean.
WORDS = frozenset(
    {"title", "title_en", "unit_en", "definition_en", "source", "source_en", "note", "note_en",
     "legal_base"}
)  # fmt: skip


def column_of(model: type[models.Model], name: str) -> str:
    return NAMES.get(name) or str(model._meta.get_field(name).verbose_name)


def widget_for(field: models.Field) -> Any:
    if isinstance(field, models.BooleanField):
        return widgets.FlagWidget()
    if isinstance(field, models.DecimalField):
        return widgets.NumberWidget()
    if isinstance(field, models.IntegerField):
        return widgets.WholeWidget()
    if isinstance(field, models.DateField):
        return widgets.DayWidget()
    if field.choices:
        return widgets.OptionWidget(field.choices)
    return widgets.TextWidget()


SPECIAL = {
    "section": lambda: widgets.CodeWidget(Section, "code", "Раздела"),
    "indicator": lambda: widgets.CodeWidget(Indicator, "code", "Показателя"),
    "numerator": lambda: widgets.CodeWidget(Indicator, "code", "Показателя"),
    "denominator": lambda: widgets.CodeWidget(Indicator, "code", "Показателя"),
    "source_indicator": lambda: widgets.CodeWidget(Indicator, "code", "Показателя"),
    "target": lambda: widgets.CodeWidget(Indicator, "code", "Показателя"),
    "form": lambda: widgets.CodeWidget(Form, "code", "Формы"),
    "applicable_kinds": widgets.KindsWidget,
    "kinds": widgets.KindsWidget,
    "choices": widgets.ChoicesWidget,
    "choices_en": widgets.ChoicesWidget,
    "retired_choices": widgets.NumbersWidget,
}


class KeyLoader(BaseInstanceLoader):
    """Finds the row that has the file's keys; all rows are read at once."""

    def __init__(self, resource, dataset=None):
        super().__init__(resource, dataset)
        self.names = [resource.fields[name] for name in resource.keys]
        self.known = {
            tuple(str(field.export(item)) for field in self.names): item
            for item in resource.get_queryset()
        }
        self.seen: set[tuple[str, ...]] = set()

    def get_instance(self, row):
        key = tuple(
            str(field.widget.render(field.widget.clean(row[field.column_name])))
            for field in self.names
        )
        if key in self.seen:
            raise ValueError(
                f"Строка с ключом «{', '.join(filter(None, key))}» повторяется в файле."
            )
        self.seen.add(key)
        return self.known.get(key)


class TableResource(resources.ModelResource):
    """Rows by the keys that people know, never by the database's numbers.

    Columns that a file has not got stay as they are; a new row gets the model's defaults.
    """

    title = ""
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        for name in self.columns:
            special = SPECIAL.get(name)
            widget = special() if special else widget_for(self._meta.model._meta.get_field(name))
            column = column_of(self._meta.model, name)
            self.fields[name] = Field(name, column, widget, saves_null_values=True)

    def get_import_id_fields(self):
        return list(self.keys)

    def get_export_order(self):
        return list(self.columns)

    def get_import_order(self):
        return list(self.columns)

    def before_import(self, dataset, **kwargs):
        """A table without its keys would make every row a new one."""
        needed = [column_of(self._meta.model, name) for name in self.keys]
        missing = [name for name in needed if name not in (dataset.headers or [])]
        if missing:
            raise ValidationError(
                f"В таблице «{self.title}» нет столбцов: {', '.join(missing)}. Выгрузите каталог и "
                "правьте выгруженный файл."
            )
        known = {column_of(self._meta.model, name) for name in self.columns}
        strange = [name for name in dataset.headers or [] if name not in known]
        if strange:
            raise ValidationError(
                f"В таблице «{self.title}» незнакомые столбцы: {', '.join(strange[:5])}. Уберите их."
            )

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """An empty cell of a new row leaves the model's default."""
        if field.column_name not in row:
            return
        empty = str(row[field.column_name] or "").strip() == ""
        if empty and not isinstance(field.widget, (widgets.TextWidget, widgets.FlagWidget)):
            model_field = self._meta.model._meta.get_field(field.attribute)
            if not model_field.null:
                default = model_field.get_default()
                setattr(instance, field.attribute, default)
                return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def init_instance(self, row=None):
        return self._meta.model()

    def save_instance(self, instance, is_create, row, **kwargs):
        """A row that the database refuses must not spoil the others."""
        with transaction.atomic():
            super().save_instance(instance, is_create, row, **kwargs)


class Options:
    """What all tables have in common; see TableResource."""

    skip_unchanged = True
    report_skipped = True
    use_transactions = True
    clean_model_instances = True
    instance_loader_class = KeyLoader
    fields = ()


class SectionResource(TableResource):
    title = "Разделы"
    columns = ("code", "title", "title_en", "order")
    keys = ("code",)

    class Meta(Options):
        model = Section


class IndicatorResource(TableResource):
    """Ratios come last: their numerators and denominators must be there already."""

    title = "Показатели"
    columns = (
        "code", "section", "order", "title", "title_en", "unit", "unit_en", "value_type",
        "decimals", "direction", "aggregation", "numerator", "denominator", "scale", "formula",
        "includes_settlements", "min_value", "max_value", "applicable_kinds", "choices",
        "choices_en", "retired_choices", "definition", "definition_en", "hint", "source",
        "source_en", "owner", "owner_en", "federal_form", "legal_base", "valid_from", "valid_to",
        "is_retired",
    )  # fmt: skip
    keys = ("code",)

    class Meta(Options):
        model = Indicator

    def get_queryset(self):
        last = Case(When(aggregation="ratio", then=Value(1)), default=Value(0))
        return (
            Indicator.objects.select_related("section", "numerator", "denominator")
            .annotate(last=last)
            .order_by("last", "code")
        )

    def before_save_instance(self, instance, row, **kwargs):
        check_indicator(instance)

    def after_save_instance(self, instance, row, **kwargs):
        sync_newest_version(indicator=instance)


class VersionResource(TableResource):
    """A version that values stand on keeps what they mean; a new one passes ``add_version``."""

    title = "Версии"
    columns = (
        "indicator", "number", "from_year", "title", "title_en", "unit", "unit_en", "decimals",
        "definition", "definition_en", "source", "source_en", "formula", "legal_base",
        "conversion", "note", "note_en",
    )  # fmt: skip
    keys = ("indicator", "number")

    class Meta(Options):
        model = IndicatorVersion

    def get_queryset(self):
        return IndicatorVersion.objects.select_related("indicator").order_by(
            "indicator__code", "number"
        )

    def before_save_instance(self, instance, row, **kwargs):
        saved = IndicatorVersion.objects.filter(pk=instance.pk).first()
        if saved is None:
            newest = instance.indicator.versions.order_by("-number").first()
            following = newest.number + 1 if newest else 1
            if instance.number != following:
                raise ValidationError({"number": f"Следующая версия — {following}."})
            return
        touched = {name for name in self.columns if getattr(saved, name) != getattr(instance, name)}
        if touched - WORDS and last_filed_year(saved.indicator) is not None:
            names = ", ".join(
                f"«{column_of(IndicatorVersion, n)}»" for n in sorted(touched - WORDS)
            )
            raise ValidationError(
                f"На версии {saved.number} показателя {saved.indicator.code} стоят значения: "
                f"{names} не меняются. Добавьте новую версию."
            )

    def do_instance_save(self, instance, is_create):
        if is_create and instance.number > 1:
            made = add_version(
                indicator=instance.indicator,
                from_year=instance.from_year,
                conversion=instance.conversion,
                note=instance.note,
                by=None,
                note_en=instance.note_en,
                **{name: getattr(instance, name) for name in TEXTS},
            )
            instance.pk = made.pk
            return
        instance.save()
        indicator = instance.indicator
        if not indicator.versions.filter(number__gt=instance.number).exists():
            for name in TEXTS:
                setattr(indicator, name, getattr(instance, name))
            indicator.save()


class LegalBasisResource(TableResource):
    title = "Правовые основания"
    columns = (
        "indicator", "act", "article", "kinds", "valid_from", "valid_to", "act_en", "wording",
        "wording_en", "to_verify",
    )  # fmt: skip
    keys = ("indicator", "act", "article", "kinds", "valid_from")

    class Meta(Options):
        model = LegalBasis

    def get_queryset(self):
        return LegalBasis.objects.select_related("indicator").order_by(
            "indicator__code", "valid_from", "act", "article", "kinds"
        )


class FormResource(TableResource):
    title = "Формы"
    columns = ("code", "family", "version", "title", "notes")
    keys = ("code",)

    class Meta(Options):
        model = Form

    def get_queryset(self):
        return Form.objects.order_by("family", "version")


class LockedParts(TableResource):
    """Parts of a form: those of a locked one stay as they are."""

    #: What may be changed in a locked form all the same.
    free: frozenset[str] = frozenset()

    def before_save_instance(self, instance, row, **kwargs):
        reason = why_locked(instance.form)
        if not reason:
            return
        saved = self._meta.model.objects.filter(pk=instance.pk).first()
        touched = {
            name for name in self.columns
            if saved is None or getattr(saved, name) != getattr(instance, name)
        }  # fmt: skip
        if touched - self.free:
            raise ValidationError(reason)


class FieldResource(LockedParts):
    title = "Поля форм"
    columns = ("form", "indicator", "order", "is_required", "prefill", "asks_plan")
    keys = ("form", "indicator")

    class Meta(Options):
        model = FormField

    def get_queryset(self):
        return FormField.objects.select_related("form", "indicator").order_by(
            "form__family", "form__version", "order", "indicator__code"
        )


class MoveResource(LockedParts):
    title = "Переходы показателей"
    columns = ("form", "source", "target", "factor", "note")
    keys = ("form", "source")

    class Meta(Options):
        model = FieldMove

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.fields["source"].widget = SPECIAL["source_indicator"]()

    def get_queryset(self):
        return FieldMove.objects.select_related("form", "source", "target").order_by(
            "form__code", "source__code"
        )


class RuleResource(LockedParts):
    title = "Контрольные соотношения"
    columns = ("form", "code", "severity", "expression", "message", "hint", "is_active")
    keys = ("form", "code")
    #: A rule that gives false alarms must be stopped at once, and its words may be mended.
    free = frozenset({"is_active", "message", "hint"})

    class Meta(Options):
        model = ControlRule

    def get_queryset(self):
        return ControlRule.objects.select_related("form").order_by("form__code", "code")

    def before_save_instance(self, instance, row, **kwargs):
        super().before_save_instance(instance, row, **kwargs)
        check_rule(instance)


#: In the order in which one needs the other.
TABLES = (
    SectionResource,
    IndicatorResource,
    VersionResource,
    LegalBasisResource,
    FormResource,
    FieldResource,
    MoveResource,
    RuleResource,
)
