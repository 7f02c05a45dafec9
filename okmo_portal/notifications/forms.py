from django import forms

from okmo_portal.notifications import kinds
from okmo_portal.notifications.models import EmailMode, NotificationPreference


class PreferencesForm(forms.Form):
    """One choice per kind of message that the apps registered."""

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        chosen = dict(
            NotificationPreference.objects.filter(user=user).values_list("kind", "email_mode")
        )
        for kind in kinds.all_kinds():
            self.fields[kind.key] = forms.ChoiceField(
                label=kind.label,
                choices=EmailMode.choices,
                initial=chosen.get(kind.key, kind.default_mode),
            )

    def save(self):
        for key, mode in self.cleaned_data.items():
            NotificationPreference.objects.update_or_create(
                user=self.user, kind=key, defaults={"email_mode": mode}
            )
