"""Forms about memberships and invitations."""

from django import forms
from django.utils import timezone

from okmo_portal.documents.forms import DocumentField
from okmo_portal.organisations.enums import ROLES_BY_ORGANISATION, OrganisationKind, Role
from okmo_portal.organisations.models import Region

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OrganisationSearchForm(forms.Form):
    """First step of a request: region and a part of the name, instead of 22,000 options."""

    region = forms.ModelChoiceField(
        Region.objects.all(), label="Субъект РФ", empty_label="Выберите"
    )
    q = forms.CharField(
        label="Название муниципалитета",
        required=False,
        max_length=100,
        help_text="Несколько букв названия или код ОКТМО.",
    )


class MembershipRequestForm(forms.Form):
    role = forms.ChoiceField(label="Роль", widget=forms.RadioSelect)
    position_title = forms.CharField(
        label="Должность полностью",
        max_length=200,
        help_text="Как в документе, например «Глава муниципального района».",
    )
    valid_from = forms.DateField(label="Полномочия действуют с", widget=DATE)
    valid_to = forms.DateField(
        label="Полномочия действуют по",
        widget=DATE,
        required=False,
        help_text="Последний день срока. Оставьте пустым, если срок не установлен.",
    )
    mandate = DocumentField(label="Документ о полномочиях")

    def __init__(self, *args, organisation_kind, **kwargs):
        super().__init__(*args, **kwargs)
        roles = ROLES_BY_ORGANISATION[OrganisationKind(organisation_kind)]
        self.fields["role"].choices = [(role.value, role.label.capitalize()) for role in roles]

    def clean(self):
        data = super().clean()
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", "Последний день не может быть раньше первого.")
        if end and end < timezone.localdate():
            self.add_error("valid_to", "Срок уже прошёл. Укажите действующий документ.")
        return data


class RefusalForm(forms.Form):
    comment = forms.CharField(
        label="Почему запрос отклонён",
        widget=forms.Textarea,
        max_length=1000,
        help_text="Текст увидит заявитель.",
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label="Электронная почта")
    role = forms.ChoiceField(label="Роль")
    position_title = forms.CharField(label="Должность", max_length=200)

    def __init__(self, *args, organisation, **kwargs):
        super().__init__(*args, **kwargs)
        roles = ROLES_BY_ORGANISATION[OrganisationKind(organisation.kind)]
        self.fields["role"].choices = [(role.value, role.label.capitalize()) for role in roles]

    @property
    def makes_head(self):
        return self.cleaned_data.get("role") == Role.HEAD


class ReferenceForm(forms.Form):
    file = forms.FileField(
        label="Файл справочника",
        help_text="Книга Excel mo_ref.xlsx, до 20 МБ: одна строка — муниципальное образование "
        "первого уровня с годами, в которые оно действовало.",
    )
