"""The admin's form of a transformation: what staff type becomes one call of the service."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.organisations.services.handover import describe_consequences
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
)

KINDS = {str(kind.label): kind for kind in MunicipalityKind}

SHOWN_FIRST = (
    "Пока ничего не записано. Проверьте последствия, отметьте «последствия проверены, записать» и "
    "сохраните ещё раз."
)


class TransformationForm(forms.ModelForm):
    """A new entry is recorded when the form is valid, in one transaction: a refusal of the service
    is an error of its field. ``by`` is set by the admin."""

    by = None
    new_successors = forms.CharField(
        label="новые муниципальные образования",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 100}),
        help_text=(
            "По одному в строке: код ОКТМО; название; вид; код района (для поселения); "
            "коды переходящих поселений через пробел (при разделении). Например: "
            "29501000; Общий муниципальный округ; муниципальный округ"
        ),
    )

    confirmed = forms.BooleanField(
        label="последствия проверены, записать",
        required=False,
        help_text="Если преобразование касается людей или форм отчёта, сначала будет показано, "
        "что с ними станет. Отметьте здесь, когда всё верно.",
    )

    class Meta:
        model = MunicipalityChange
        fields = ["kind", "date", "law", "note", "predecessors", "successors"]

    def clean_new_successors(self):
        lines = self.cleaned_data["new_successors"].splitlines()
        return [
            read_line(number, line) for number, line in enumerate(lines, start=1) if line.strip()
        ]

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk or self.errors:
            return cleaned
        try:
            with transaction.atomic():
                self.instance = record_transformation(
                    kind=cleaned["kind"],
                    date=cleaned["date"],
                    law=cleaned["law"],
                    note=cleaned["note"],
                    predecessors=list(cleaned["predecessors"]),
                    successors=[*cleaned["successors"], *cleaned["new_successors"]],
                    by=self.by,
                )
                self._show_first(cleaned["confirmed"])
        except ValidationError as error:
            self._tell(error)
        return cleaned

    def _show_first(self, confirmed):
        """Unless they were looked at: roll back and say what becomes of people and forms."""
        lines = describe_consequences(self.instance)
        if lines and not confirmed:
            self.instance = MunicipalityChange()
            raise ValidationError([SHOWN_FIRST, *lines])

    def _tell(self, error):
        fields = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, messages in fields.items():
            self.add_error(name if name in self.fields else None, messages)

    def save_m2m(self):
        """Sides are written by the service."""


def read_line(number, line):
    """«код; название; вид; район; поселения» as a successor; raises ValidationError in words."""
    cells = [cell.strip() for cell in line.split(";")]
    if len(cells) < 3:
        raise ValidationError(f"Строка {number}: нужны код, название и вид через точку с запятой.")
    code, name, kind, district, children = (*cells, "", "")[:5]
    if kind.lower() not in KINDS:
        raise ValidationError(
            f"Строка {number}: вид «{kind}» не известен. Есть: {', '.join(KINDS)}."
        )
    parent = None
    if district:
        parent = Municipality.objects.filter(oktmo=district, valid_to=None).first()
        if parent is None:
            raise ValidationError(f"Строка {number}: района с кодом {district} в реестре нет.")
    return NewMunicipality(code, name, KINDS[kind.lower()], parent, "", tuple(children.split()))
