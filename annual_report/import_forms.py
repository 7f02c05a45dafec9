"""Forms of the import of observations: the upload, and the mapping built on a preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from annual_report.enums import MappingLayout
from annual_report.models import Dataset, ImportMapping
from annual_report.observations.mapping import OKTMO, MappingError, find_long_form, parse
from annual_report.observations.readers import Layout
from annual_report.observations.refusals import REPAIRS, SKIPS
from okmo_portal.organisations.models import TerritoryCode

#: Columns that one page can ask about.
MAX_COLUMNS = 300


class UploadForm(forms.Form):
    dataset = forms.ModelChoiceField(
        Dataset.objects.all(),
        label="Набор данных",
        empty_label="Выберите набор",
        help_text="Нового набора здесь нет? Сначала опишите его в админке.",
    )
    mapping = forms.ModelChoiceField(
        ImportMapping.objects.select_related("dataset"),
        label="Сопоставление столбцов",
        required=False,
        empty_label="Без сопоставления, или создать новое",
        help_text="Не нужно, если в файле есть столбцы oktmo, indicator, period и value.",
    )
    file = forms.FileField(label="Файл", help_text="CSV, XLSX или Parquet, до 200 МБ.")

    def clean(self):
        data = super().clean()
        mapping, dataset = data.get("mapping"), data.get("dataset")
        if mapping and dataset and mapping.dataset_id != dataset.pk:
            self.add_error(
                "mapping",
                f"Это сопоставление для набора «{mapping.dataset}». Выберите другое или другой набор.",
            )
        return data


class ChooseMappingForm(forms.Form):
    mapping = forms.ModelChoiceField(
        ImportMapping.objects.none(), label="Сопоставление", empty_label="Выберите сопоставление"
    )

    def __init__(self, *args, dataset, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["mapping"].queryset = ImportMapping.objects.filter(dataset=dataset)


class LayoutForm(forms.Form):
    """Where the header stands; asked by GET, so that the preview has an address."""

    sheet = forms.ChoiceField(label="Лист", required=False)
    header_row = forms.IntegerField(
        label="Заголовок начинается в строке", min_value=1, max_value=20, initial=1
    )
    header_rows = forms.IntegerField(label="Строк в заголовке", min_value=1, max_value=5, initial=1)

    def __init__(self, *args, sheets: Sequence[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        if sheets:
            self.fields["sheet"].choices = [(name, name) for name in sheets]
        else:
            del self.fields["sheet"]

    def layout(self) -> Layout:
        """What was asked for, or the usual header in the first row."""
        if not self.is_bound or not self.is_valid():
            return Layout(
                self.initial.get("sheet", ""),
                self.initial.get("header_row", 1),
                self.initial.get("header_rows", 1),
            )
        data = self.cleaned_data
        return Layout(data.get("sheet", ""), data["header_row"], data["header_rows"])


class Role:
    """What a column of the file is."""

    CHOICES = [
        ("", "не нужен"),
        ("territory", "код территории"),
        ("system", "система кодов"),
        ("indicator", "показатель"),
        ("period", "год"),
        ("unit", "единица"),
        ("value", "значение"),
        ("only", "отбор: только строки"),
        ("except", "отбор: кроме строк"),
        ("sum", "сложить строки"),
    ]
    #: Those that only one column can be.
    SINGLE = {"territory": "код территории", "system": "система кодов", "indicator": "показатель",
              "period": "год", "unit": "единица"}  # fmt: skip
    WITH_VALUES = ("only", "except", "sum")


class ColumnForm(forms.Form):
    """One column of the file; which of the boxes count depends on the role."""

    role = forms.ChoiceField(choices=Role.CHOICES, required=False, label="Что в нём")
    indicator = forms.CharField(required=False, max_length=30, label="Показатель")
    year = forms.CharField(required=False, max_length=4, label="Год")
    multiplier = forms.CharField(required=False, max_length=20, label="Множитель")
    values = forms.CharField(required=False, max_length=2000, label="Строки для отбора или суммы")

    def clean(self):
        data = super().clean()
        if data.get("role") in Role.WITH_VALUES and not split(data.get("values", ""), ";"):
            self.add_error("values", "Перечислите через «;», какие строки.")
        return data


class BaseColumnFormSet(forms.BaseFormSet):
    def clean(self):
        used: dict[str, int] = {}
        for form in self.forms:
            role = form.cleaned_data.get("role", "") if hasattr(form, "cleaned_data") else ""
            used[role] = used.get(role, 0) + 1
        for role, name in Role.SINGLE.items():
            if used.get(role, 0) > 1:
                raise ValidationError(f"«{name}» — только один столбец, а отмечено {used[role]}.")


ColumnFormSet = forms.formset_factory(
    ColumnForm, formset=BaseColumnFormSet, extra=0, max_num=MAX_COLUMNS, absolute_max=MAX_COLUMNS
)


class MappingForm(forms.Form):
    """Everything about a mapping that is not a column."""

    name = forms.SlugField(
        label="Имя",
        max_length=60,
        error_messages={"invalid": "Нужны латинские буквы, цифры и дефис, без пробелов."},
        help_text="Латинские буквы, цифры и дефис, например rosstat-naselenie. "
        "С этим именем сопоставление выбирают и на странице, и в команде.",
    )
    title = forms.CharField(label="Название", max_length=200, required=False)
    system = forms.ChoiceField(label="Система кодов территорий")
    fill_down = forms.BooleanField(
        label="Код стоит только в первой строке группы: продолжить его вниз", required=False
    )
    indicator_code = forms.CharField(
        label="Показатель для всего файла",
        max_length=30,
        required=False,
        help_text="Код каталога, если столбца с показателем нет.",
    )
    year = forms.IntegerField(
        label="Год для всего файла", min_value=1990, max_value=2100, required=False
    )
    shift = forms.IntegerField(
        label="Сдвиг года",
        min_value=-5,
        max_value=5,
        initial=0,
        required=False,
        help_text="Число «на 1 января 2024» относится к отчётному 2023 году: сдвиг −1.",
    )
    multiplier = forms.CharField(
        label="Множитель значений",
        max_length=20,
        initial="1",
        required=False,
        help_text="Во что превратить единицу файла, чтобы вышла единица каталога: "
        "из рублей в тысячи рублей — 0,001.",
    )
    year_multipliers = forms.CharField(
        label="Множители по годам",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="По одному на строке: 2000-2008 = 1000.",
    )
    units = forms.CharField(
        label="Единицы в столбце «единица»",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="По одной на строке, с множителем: тысяча рублей = 1.",
    )
    indicators = forms.CharField(
        label="Обозначения показателей в файле",
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="По одному на строке, с кодом каталога: Y48112027 = A05.",
    )
    decimal = forms.ChoiceField(
        label="Десятичный знак",
        required=False,
        choices=[("", "любой, где он ясен"), (",", "запятая"), (".", "точка")],
    )
    thousands = forms.ChoiceField(
        label="Разделитель групп, кроме пробела",
        required=False,
        choices=[("", "нет"), (",", "запятая"), (".", "точка"), ("'", "апостроф")],
    )
    skip = forms.MultipleChoiceField(
        label="Пропускать без отказа",
        required=False,
        choices=list(SKIPS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    repairs = forms.MultipleChoiceField(
        label="Исправлять при чтении",
        required=False,
        choices=list(REPAIRS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    no_unit_check = forms.CharField(
        label="Не искать смену единицы у показателей",
        required=False,
        max_length=2000,
        help_text="Коды через пробел; звёздочка — у всех.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        systems = TerritoryCode.objects.order_by().values_list("system", flat=True).distinct()
        self.fields["system"].choices = [(OKTMO, "ОКТМО"), *((s, s) for s in sorted(systems))]


def split(text: str, separator: str | None) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def pairs(text: str) -> dict[str, str]:
    """Lines «name = value»; the last «=» splits, since names hold anything."""
    found = {}
    for line in split(text, "\n"):
        name, sign, value = line.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            raise MappingError(f"«{line}»: на каждой строке нужно «обозначение = значение».")
        found[name.strip()] = value.strip()
    return found


def build(
    form: MappingForm, columns: ColumnFormSet, headers: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """``columns`` and ``options`` of the mapping; raises MappingError."""
    data = form.cleaned_data
    marked = [
        (header, row.cleaned_data)
        for header, row in zip(headers, columns.forms, strict=False)
        if row.cleaned_data.get("role")
    ]
    by_role = {row["role"]: header for header, row in marked}
    territory: dict[str, Any] = {"column": by_role.get("territory", ""), "system": data["system"]}
    if "system" in by_role:
        territory["system_column"] = by_role["system"]
    if data["fill_down"]:
        territory["fill_down"] = True
    found: dict[str, Any] = {
        "territory": territory,
        "values": [value_column(header, row) for header, row in marked if row["role"] == "value"],
    }
    if "indicator" in by_role or data["indicator_code"]:
        key = "column" if "indicator" in by_role else "code"
        found["indicator"] = {key: by_role.get("indicator") or data["indicator_code"]}
    if "period" in by_role:
        found["period"] = {"column": by_role["period"], "shift": data["shift"] or 0}
    elif data["year"]:
        found["period"] = {"year": data["year"], "shift": data["shift"] or 0}
    elif data["shift"]:
        found["period"] = {"shift": data["shift"]}
    if "unit" in by_role:
        found["unit"] = {"column": by_role["unit"], "multipliers": pairs(data["units"])}
    options = {
        "decimal": data["decimal"],
        "thousands": data["thousands"],
        "multiplier": data["multiplier"] or "1",
        "year_multipliers": [years(*pair) for pair in pairs(data["year_multipliers"]).items()],
        "indicators": pairs(data["indicators"]),
        "filters": [
            {"column": header, "values": split(row["values"], ";"), "mode": row["role"]}
            for header, row in marked
            if row["role"] in ("only", "except")
        ],
        "sum_over": [
            {"column": header, "values": split(row["values"], ";")}
            for header, row in marked
            if row["role"] == "sum"
        ],
        "skip": data["skip"],
        "repairs": data["repairs"],
        "no_unit_check": split(data["no_unit_check"], None),
    }
    used = {name: value for name, value in options.items() if value not in ("", [], {}, "1")}
    parse(found, used)
    return found, used


def value_column(header: str, row: dict[str, Any]) -> dict[str, Any]:
    given = {"column": header}
    given |= {name: row[name] for name in ("indicator", "year", "multiplier") if row[name]}
    return given


def years(span: str, multiplier: str) -> dict[str, Any]:
    first, sign, last = span.partition("-")
    return {
        "from": first.strip(),
        "to": (last if sign else first).strip(),
        "multiplier": multiplier,
    }


def layout_of(columns: dict[str, Any]) -> str:
    own = any(value.get("indicator") or value.get("year") for value in columns["values"])
    return MappingLayout.WIDE if own or len(columns["values"]) > 1 else MappingLayout.LONG


# --- what the forms show first ---------------------------------------------------------------------


def initial_columns(mapping: ImportMapping | None, headers: Sequence[str]) -> list[dict[str, Any]]:
    """The saved roles by header; without a mapping those that the headers of the long form say."""
    columns = mapping.columns if mapping else find_long_form(headers)
    options = mapping.options if mapping else {}
    roles: dict[str, dict[str, Any]] = {}
    for part in ("indicator", "period", "unit"):
        roles[columns.get(part, {}).get("column", "")] = {"role": part}
    territory = columns.get("territory", {})
    roles[territory.get("column", "")] = {"role": "territory"}
    roles[territory.get("system_column", "")] = {"role": "system"}
    for value in columns.get("values", []):
        roles[value["column"]] = {"role": "value", **value}
    for item in options.get("filters", []):
        mode = item.get("mode") or "only"
        roles[item["column"]] = {"role": mode, "values": "; ".join(map(str, item["values"]))}
    for item in options.get("sum_over", []):
        roles[item["column"]] = {"role": "sum", "values": "; ".join(map(str, item["values"]))}
    roles.pop("", None)
    return [roles.get(header, {"role": ""}) for header in headers]


def initial_options(mapping: ImportMapping | None) -> dict[str, Any]:
    if mapping is None:
        return {"system": OKTMO}
    columns, options = mapping.columns, mapping.options
    territory, period = columns.get("territory", {}), columns.get("period", {})
    return {
        **{name: options.get(name) for name in ("decimal", "thousands", "skip", "repairs")},
        "name": mapping.name,
        "title": mapping.title,
        "system": territory.get("system") or OKTMO,
        "fill_down": territory.get("fill_down"),
        "indicator_code": columns.get("indicator", {}).get("code"),
        "year": period.get("year"),
        "shift": period.get("shift") or 0,
        "multiplier": options.get("multiplier", "1"),
        "year_multipliers": "\n".join(
            f"{row.get('from')}-{row.get('to')} = {row['multiplier']}"
            for row in options.get("year_multipliers", [])
        ),
        "units": lines(columns.get("unit", {}).get("multipliers", {})),
        "indicators": lines(options.get("indicators", {})),
        "no_unit_check": " ".join(options.get("no_unit_check", [])),
    }


def lines(found: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in found.items())
