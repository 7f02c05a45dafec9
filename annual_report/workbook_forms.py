"""Uploads of workbooks and of archives of them, and the decisions about conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from annual_report.services.workbook_compare import MINE, THEIRS, Comparison, Decision
from annual_report.workbooks.reader import MAX_SIZE
from okmo_portal.core.text import clean_text, format_size
from okmo_portal.organisations.models import Region

MAX_ARCHIVE = 100 * 2**20


class WorkbookForm(forms.Form):
    file = forms.FileField(
        label="Заполненная книга",
        help_text="Файл .xlsx, скачанный на этой странице; не больше 5 МБ.",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={
            "required": "Выберите файл.",
            "empty": "Файл пуст. Выберите книгу, скачанную с портала.",
        },
    )

    def clean_file(self):
        return check_size(self.cleaned_data["file"], MAX_SIZE)


class ArchiveForm(forms.Form):
    file = forms.FileField(
        label="Архив с заполненными книгами",
        help_text="ZIP с файлами .xlsx, скачанными с портала; не больше 100 МБ и 1000 книг.",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip"}),
        error_messages={"required": "Выберите файл.", "empty": "Архив пуст. Выберите другой."},
    )

    def clean_file(self):
        return check_size(self.cleaned_data["file"], MAX_ARCHIVE)


class MakeForm(forms.Form):
    """Whose workbooks to make; a council has no choice of region."""

    region = forms.ModelChoiceField(
        Region.objects.order_by("sort_key"),
        label="Субъект РФ",
        required=False,
        empty_label="Все субъекты",
        error_messages={"invalid_choice": "Выберите субъект из списка."},
    )
    only_missing = forms.BooleanField(
        label="Только для тех, кто ещё не сдал форму", required=False, initial=True
    )

    def __init__(self, *args, region: Region | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.own_region = region
        if region is not None:
            del self.fields["region"]

    @property
    def chosen_region(self) -> Region | None:
        return self.own_region or self.cleaned_data.get("region")


def check_size(file: Any, limit: int) -> Any:
    if file.size > limit:
        raise forms.ValidationError(
            f"Файл больше {format_size(limit)}. Уберите из него лишнее или разделите его."
        )
    return file


def read_decisions(comparison: Comparison, data: Mapping[str, Any]) -> dict[str, Decision]:
    """Whose value stays in each conflict; a choice for a whole section fills what is left open."""
    rows = [(row.code, row.section.code) for row in comparison.conflicts]
    rows += [(row.code, "rules") for row in comparison.explanations if row.disputed]
    decisions = {}
    for code, part in rows:
        choice = data.get(f"choice-{code}") or data.get(f"choice-all-{part}")
        if choice in (MINE, THEIRS):
            decisions[code] = Decision(str(choice), clean_text(str(data.get(f"seen-{code}", ""))))
    return decisions
