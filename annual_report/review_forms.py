"""Forms of the review: filters of queues, decisions, work on many forms, calls, corrections."""

from __future__ import annotations

from django import forms

from annual_report.enums import Audience, BulkKind
from annual_report.queue import ORDERS, STATE_CHOICES
from annual_report.services.reminders import MAX_DAYS
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Region


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class QueueFilterForm(forms.Form):
    """Filters of the queue; an unknown value is no filter."""

    region = forms.CharField(required=False, max_length=2, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        label="Состояние", choices=[("", "любое"), *STATE_CHOICES], required=False
    )
    kind = forms.ChoiceField(
        label="Вид", choices=[("", "любой"), *MunicipalityKind.choices], required=False
    )
    q = forms.CharField(label="Название или код ОКТМО", required=False, max_length=100)
    order = forms.ChoiceField(label="Порядок", choices=list(ORDERS.items()), required=False)

    def chosen(self) -> dict[str, str]:
        """What of the address makes sense."""
        self.is_valid()
        return self.cleaned_data


class ReturnForm(forms.Form):
    comment = forms.CharField(
        label="Что исправить",
        widget=forms.Textarea,
        max_length=2000,
        required=False,
        help_text="Текст увидит муниципалитет. Если замечания написаны у показателей ниже, "
        "вернутся только они.",
    )


class SendBackForm(forms.Form):
    comment = forms.CharField(
        label="Что проверить совету",
        widget=forms.Textarea,
        max_length=2000,
        error_messages={"required": "Напишите совету, что проверить."},
    )


class ExtendForm(forms.Form):
    until = forms.DateField(
        label="Новый последний день",
        widget=date_input(),
        error_messages={"required": "Укажите новый срок."},
    )
    reason = forms.CharField(
        label="Причина",
        max_length=500,
        widget=forms.Textarea,
        error_messages={"required": "Напишите причину: её увидят муниципалитет и Конгресс."},
    )


class CouncilExtensionForm(ExtendForm):
    """A later deadline for one region's council."""

    region = forms.ModelChoiceField(
        label="Субъект РФ",
        queryset=Region.objects.order_by("sort_key"),
        empty_label="Выберите",
        error_messages={"required": "Выберите субъект РФ."},
    )
    field_order = ["region", "until", "reason"]


class BulkForm(forms.Form):
    """What an act on many forms asks for beside the forms themselves."""

    comment = forms.CharField(label="Текст", widget=forms.Textarea, max_length=2000)
    until = forms.DateField(label="Новый последний день", widget=date_input())

    LABELS = {
        BulkKind.RETURN: ("Что исправить", "Один текст для всех отмеченных форм."),
        BulkKind.SEND_BACK: ("Что проверить совету", "Один текст для всех отмеченных форм."),
        BulkKind.EXTEND: ("Причина", "Её увидят муниципалитеты и Конгресс."),
        BulkKind.REMIND: ("Что добавить к напоминанию", ""),
    }

    def __init__(self, kind: str, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if kind != BulkKind.EXTEND:
            del self.fields["until"]
        if kind not in self.LABELS:
            del self.fields["comment"]
            return
        text = self.fields["comment"]
        text.label, text.help_text = self.LABELS[BulkKind(kind)]
        text.required = kind != BulkKind.REMIND


class CorrectionReasonForm(forms.Form):
    reason = forms.CharField(
        label="Почему исправляете",
        max_length=2000,
        widget=forms.Textarea,
        help_text="Например: ошибка в единице измерения, уточнён отчёт об исполнении бюджета.",
        error_messages={"required": "Напишите причину исправления: её увидят совет и Конгресс."},
    )


class DecisionForm(forms.Form):
    comment = forms.CharField(
        label="Комментарий",
        max_length=2000,
        widget=forms.Textarea,
        required=False,
        help_text="Чтобы отклонить, напишите почему.",
    )


class CallForm(forms.Form):
    text = forms.CharField(
        label="О чём договорились",
        max_length=500,
        error_messages={"required": "Напишите, о чём договорились."},
    )
    promised_on = forms.DateField(label="Обещали сдать", widget=date_input(), required=False)


class ReminderForm(forms.Form):
    audience = forms.ChoiceField(label="Кому", choices=Audience.choices)
    days = forms.IntegerField(
        label="Дней до срока",
        min_value=-MAX_DAYS,
        max_value=MAX_DAYS,
        help_text="Отрицательное число — после срока. Считается от срока этого получателя.",
    )
