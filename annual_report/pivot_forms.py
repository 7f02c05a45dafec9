"""What a reader chooses for a pivot table; an unknown choice falls back to the first."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annual_report.enums import SizeClass
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict, Region

ALL_YEARS = "all"
MAX_INDICATORS = 4

ROWS = (
    ("region", _("субъекты РФ")),
    ("district", _("федеральные округа")),
    ("kind", _("виды муниципалитетов")),
    ("size", _("численность населения")),
    ("municipality", _("муниципалитеты")),
    ("year", _("годы")),
    ("nation", _("вся страна")),
)
COLUMNS = (
    ("", _("выбранные показатели")),
    ("kind", _("виды муниципалитетов")),
    ("size", _("численность населения")),
    ("district", _("федеральные округа")),
    ("year", _("годы")),
)
ANY = [("", _("все"))]


class PivotForm(forms.Form):
    """``indicators`` and ``years`` are those of the snapshot; all fields may be missing."""

    i = forms.MultipleChoiceField(label=_("Показатели"), required=False)
    rows = forms.ChoiceField(label=_("По строкам"), choices=ROWS, required=False)
    cols = forms.ChoiceField(label=_("По столбцам"), choices=COLUMNS, required=False)
    year = forms.ChoiceField(label=_("Год"), required=False)
    district = forms.ChoiceField(label=_("Федеральный округ"), required=False)
    region = forms.ChoiceField(label=_("Субъект РФ"), required=False)
    kind = forms.ChoiceField(
        label=_("Вид"), choices=[*ANY, *MunicipalityKind.choices], required=False
    )
    size = forms.ChoiceField(
        label=_("Численность"), choices=[*ANY, *SizeClass.choices], required=False
    )

    def __init__(self, data, *, indicators, years):
        super().__init__(data)
        self.years = sorted(years, reverse=True)
        self.fields["i"].choices = indicators
        self.fields["year"].choices = [
            *((str(year), str(year)) for year in self.years),
            (ALL_YEARS, _("все годы")),
        ]
        self.fields["district"].choices = [
            *ANY,
            *((item.code, item.local_name) for item in FederalDistrict.objects.all()),
        ]
        self.fields["region"].choices = [
            *ANY,
            *((item.code, item.local_name) for item in Region.objects.order_by("sort_key")),
        ]

    def chosen(self, default: str) -> dict:
        """What was rightly chosen, with defaults for the rest."""
        self.is_valid()
        found = self.cleaned_data
        rows, cols = found.get("rows") or "region", found.get("cols") or ""
        if cols == rows:
            cols = ""
        year = found.get("year") or str(self.years[0])
        if year == ALL_YEARS and "year" not in (rows, cols):
            # Years are never added up: they become columns, or the newest one is shown.
            cols, year = (cols, str(self.years[0])) if cols else ("year", year)
        across = "year" in (rows, cols)
        return {
            "indicators": (found.get("i") or [default])[: 1 if cols else MAX_INDICATORS],
            "rows": rows,
            "cols": cols,
            "years": self.years if across else [int(year)],
            "filters": {
                name: found.get(name) or "" for name in ("district", "region", "kind", "size")
            },
            "year": year,
        }
