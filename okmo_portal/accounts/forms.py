"""Forms about the person."""

from django import forms

from okmo_portal.accounts.models import User


class SignupDetailsForm(forms.Form):
    """Asked at sign-up beside e-mail and password."""

    last_name = forms.CharField(label="Фамилия", max_length=100)
    first_name = forms.CharField(label="Имя", max_length=100)
    patronymic = forms.CharField(label="Отчество, если есть", max_length=100, required=False)

    field_order = ["last_name", "first_name", "patronymic", "email", "password1", "password2"]

    def signup(self, request, user):
        for name in ("last_name", "first_name", "patronymic"):
            setattr(user, name, self.cleaned_data[name])
        user.save()


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["last_name", "first_name", "patronymic", "phone", "time_zone"]
        help_texts = {"phone": "Например, +7 912 000-00-00. Его видит совет Вашего региона."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # The name stands in the history of what the person did: it can be changed, not emptied.
        for name in ("last_name", "first_name"):
            self.fields[name].required = True


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        label="Даю согласие на обработку персональных данных",
        error_messages={
            "required": "Без согласия кабинет не открывается. Отметьте его или выйдите."
        },
    )
