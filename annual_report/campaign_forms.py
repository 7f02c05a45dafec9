"""The form of a campaign, for the admin and for the staff's page."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms

from annual_report.enums import CampaignState
from annual_report.models import Campaign
from annual_report.review_forms import date_input
from okmo_portal.core.text import format_date
from okmo_portal.core.workdays import next_working, why_off

DEADLINES = ("municipality_deadline", "council_deadline", "congress_deadline")
#: What a campaign that was opened stands on.
FIXED = ("form", "year", "is_main", "register_date")
FIELDS = (*FIXED, "title", "opens_on", *DEADLINES, "accepts_late")


class CampaignForm(forms.ModelForm):
    """A deadline on a day off would be read in two ways (Civil Code, art. 193)."""

    class Meta:
        model = Campaign
        fields = FIELDS
        widgets = {name: date_input() for name in ("register_date", "opens_on", *DEADLINES)}
        help_texts = {
            "register_date": "Формы получат муниципалитеты, которые существовали в этот день.",
            "municipality_deadline": "Последний день, рабочий.",
            "council_deadline": "Последний день, рабочий.",
            "congress_deadline": "Последний день, рабочий.",
        }
        error_messages = {"year": {"invalid": "Введите год четырьмя цифрами."}}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.state != CampaignState.DRAFT:
            for name in FIXED:
                if name in self.fields:
                    self.fields[name].disabled = True

    def clean_year(self) -> int:
        year = self.cleaned_data["year"]
        if not 2000 <= year <= 2100:
            raise forms.ValidationError("Введите год четырьмя цифрами, например 2026.")
        return year

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in DEADLINES:
            day = data.get(name)
            if day and (reason := why_off(day)):
                self.add_error(
                    name,
                    f"{format_date(day)} — выходной ({reason}). Ближайший рабочий день: "
                    f"{format_date(next_working(day))}.",
                )
        self._check_order(data)
        self._check_others(data)
        return data

    def _check_others(self, data: dict[str, Any]) -> None:
        """One main campaign a year, and a form once a year."""
        others = Campaign.objects.filter(year=data.get("year")).exclude(pk=self.instance.pk)
        if data.get("is_main") and (main := others.filter(is_main=True).first()):
            self.add_error(
                "is_main",
                f"Основная кампания за {main.year} год уже есть: «{main}». Снимите отметку, чтобы "
                "сделать дополнительную.",
            )
        elif same := others.filter(form=data.get("form")).first():
            self.add_error("form", f"С этой формой за {same.year} год уже есть кампания: «{same}».")

    def _check_order(self, data: dict[str, Any]) -> None:
        order = [(name, data.get(name)) for name in ("opens_on", *DEADLINES)]
        known = [(name, day) for name, day in order if day is not None]
        for (before, earlier), (name, later) in pairwise(known):
            if later < earlier and name not in self.errors:
                self.add_error(
                    name,
                    f"Этот день раньше, чем «{self.fields[before].label}»: {format_date(earlier)}.",
                )
