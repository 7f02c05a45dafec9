"""The form of a handover: a choice for each mandate."""

from collections import Counter

from django import forms

from okmo_portal.organisations.enums import ROLES_BY_ORGANISATION, OrganisationKind, Role
from okmo_portal.organisations.services.handover import Decision, heads_of, offers_of

ROLES = ROLES_BY_ORGANISATION[OrganisationKind.MUNICIPALITY_BODY]
END = "end"


class HandoverForm(forms.Form):
    """A select for each person: an heir and a role, the end of the mandate, or nothing yet.

    Where there is one heir everybody is offered his role there, but for heads who would be two.
    """

    def __init__(self, *args, change, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.heirs = list(change.successors.order_by("sort_key", "pk"))
        self.offers = list(offers_of(change, by))
        choices = self._choices()
        for offer in self.offers:
            self.fields[f"m{offer.pk}"] = forms.ChoiceField(
                label=f"Куда: {offer.user}",
                choices=choices,
                required=False,
                initial=self._usual(offer),
            )

    def _choices(self):
        """By heir; where there is one, its name at the head of the list is enough."""
        alone = len(self.heirs) == 1
        heirs = [
            (
                heir.name,
                [
                    (
                        f"{heir.pk}:{role}",
                        Role(role).label.capitalize()
                        if alone
                        else f"{Role(role).label.capitalize()}: {heir.name}",
                    )
                    for role in ROLES
                ],
            )
            for heir in self.heirs
        ]
        return [("", "Пока не решено"), *heirs, (END, "Прекратить полномочие")]

    def _usual(self, offer):
        if len(self.heirs) != 1:
            return "" if self.heirs else END
        heads = Counter(item.role for item in self.offers)[Role.HEAD]
        if offer.role == Role.HEAD and (heads > 1 or heads_of(self.heirs)):
            return ""
        return f"{self.heirs[0].pk}:{offer.role}" if offer.role in ROLES else ""

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not any(cleaned.values()):
            self.add_error(None, "Выберите хотя бы для одного человека, куда он переходит.")
        return cleaned

    def decisions(self):
        heirs = {str(heir.pk): heir for heir in self.heirs}
        found = {}
        for offer in self.offers:
            chosen = self.cleaned_data[f"m{offer.pk}"]
            if chosen == END:
                found[offer.pk] = Decision(None)
            elif chosen:
                heir, _, role = chosen.partition(":")
                found[offer.pk] = Decision(heirs[heir], role)
        return found

    def lines(self):
        """Each mandate with its select."""
        return [(offer, self[f"m{offer.pk}"]) for offer in self.offers]
