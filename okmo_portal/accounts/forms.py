"""Forms about the person."""

from django import forms


class SignupDetailsForm(forms.Form):
    """Asked at sign-up beside e-mail and password."""

    last_name = forms.CharField(label="Фамилия", max_length=100)
    first_name = forms.CharField(label="Имя", max_length=100)
    patronymic = forms.CharField(label="Отчество, если есть", max_length=100, required=False)

    def signup(self, request, user):
        for name in ("last_name", "first_name", "patronymic"):
            setattr(user, name, self.cleaned_data[name])
        user.save()
