"""What becomes of forms when their municipalities end.

A form belongs to the period before: it stays with the abolished municipality, and its heir's people
fill, sign and correct it. Only where the register of an open campaign no longer knows the
municipality (its date is not before the abolition) is an unfiled form closed, with the cause, and
the heir's form opened if it is missing. Filed and approved forms are never touched otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from annual_report import workflow
from annual_report.enums import DONE_STATES, SubmissionState
from annual_report.models import Campaign, Submission
from annual_report.services.campaigns import create_submissions
from annual_report.services.origins import refresh_origins
from annual_report.services.prefill import prefill_submissions
from okmo_portal.core.text import counted, format_date
from okmo_portal.organisations.consequences import Notes
from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.workflow import transitions

FORMS = "форма,формы,форм"


@dataclass
class _Work:
    """The changes at hand, what ended by them and who goes on."""

    changes: dict[int, MunicipalityChange]
    #: By municipality that ended: its change.
    ended: dict[int, MunicipalityChange] = field(default_factory=dict)
    heirs: dict[int, list[Municipality]] = field(default_factory=lambda: defaultdict(list))
    notes: Notes = field(default_factory=lambda: defaultdict(list))

    def change_of(self, form: Submission) -> MunicipalityChange:
        """By which its municipality ended, or the one that answered for it."""
        return self.ended.get(form.municipality_id) or self.ended[form.custodian_id or 0]

    def heir_of(self, form: Submission) -> Municipality | None:
        """Of several heirs the one that keeps the code's beginning, else the first by code."""
        heirs = self.heirs[self.change_of(form).pk]
        same = [row for row in heirs if row.oktmo[:5] == form.municipality.oktmo[:5]]
        return next(iter(same or heirs), None)


def carry_out(changes: Sequence[MunicipalityChange], by: Any) -> Notes:
    """See ``organisations.consequences``; constant statements whatever the number of changes."""
    work = _gather(changes)
    if not work.ended:
        return work.notes
    known = list(work.ended)
    forms = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(Q(municipality__in=known) | Q(custodian__in=known))
        .select_related("campaign", "municipality", "updated_by")
        .order_by("-campaign__year", "municipality__sort_key", "pk")
    )
    _hand_over(work, forms)
    for form in forms:
        if form.campaign.takes_answers and form.state not in DONE_STATES:
            _settle(work, form)
        elif form.campaign.takes_answers and form.municipality_id in work.ended:
            change = work.ended[form.municipality_id]
            work.notes[change.pk].append(
                f"{_named(form)}: {form.get_state_display()}. Остаётся за упразднённым "
                "муниципалитетом, данные не меняются."
            )
    _open_heirs_forms(work)
    return work.notes


def _gather(changes: Sequence[MunicipalityChange]) -> _Work:
    work = _Work({change.pk: change for change in changes})
    for change in changes:
        for key in change.effects.get("ended", []):
            work.ended[key] = change
    links = MunicipalityChange.successors.through.objects.filter(
        municipalitychange__in=work.changes
    )
    for link in links.select_related("municipality").order_by("municipality__oktmo"):
        work.heirs[link.municipalitychange_id].append(link.municipality)
    return work


def _hand_over(work: _Work, forms: Iterable[Submission]) -> None:
    changed = []
    for form in forms:
        heir = work.heir_of(form)
        if heir is not None and heir.pk != form.municipality_id:
            change = work.change_of(form)
            custody = change.effects.setdefault("custody", [])
            custody.append([form.pk, form.custodian_id])
            form.custodian = heir
            changed.append(form)
    Submission.objects.bulk_update(changed, ["custodian"], batch_size=1000)


def _settle(work: _Work, form: Submission) -> None:
    """An unfiled form of an open campaign: closed, or finished by the heir."""
    change = work.ended.get(form.municipality_id)
    if change is None:
        return
    register = form.campaign.register_date
    if change.date <= register:
        comment = f"{change}: {change.law}"
        with transitions.apply_locked(workflow.CLOSE_FORM, form, by=None, comment=comment):
            form.closed_by = change
        end = f"закрывается: на дату реестра ({format_date(register)}) муниципалитета уже нет"
    elif form.custodian is not None:
        end = (
            f"остаётся за упразднённым муниципалитетом за период до {format_date(change.date)}, "
            f"заканчивает и подписывает её {form.custodian.name}"
        )
    else:
        end = "остаётся за упразднённым муниципалитетом: преемника, который её закончит, нет"
    work.notes[change.pk].append(f"{_named(form)}: {_held(form)}; {end}.")


def _named(form: Submission) -> str:
    return f"Форма за {form.campaign.year} год, {form.municipality.name}"


def _held(form: Submission) -> str:
    """How far the form is and who holds it."""
    if form.updated_by is None:
        return "никто не начинал"
    return (
        f"заполнено {form.filled} из {form.required}, последним работал(а) {form.updated_by} "
        f"({format_date(form.updated_at)})"
    )


def _open_heirs_forms(work: _Work) -> None:
    """Of open campaigns whose register knows the heirs."""
    for campaign in Campaign.objects.open().select_related("form"):
        changes = [
            change for change in work.changes.values() if change.date <= campaign.register_date
        ]
        heirs = {row.pk: change for change in changes for row in work.heirs[change.pk]}
        if not heirs:
            continue
        have = set(
            campaign.submissions.filter(municipality__in=heirs).values_list(
                "municipality", flat=True
            )
        )
        missing = sorted(heirs.keys() - have)
        if missing:
            create_submissions(campaign=campaign, only=missing)
        else:
            refresh_origins(campaign=campaign)
        new = campaign.submissions.filter(municipality__in=missing).select_related("municipality")
        if new:
            prefill_submissions(campaign=campaign, only=[form.pk for form in new])
        for form in new:
            work.notes[heirs[form.municipality_id].pk].append(
                f"Форма за {campaign.year} год, {form.municipality.name}: открыта."
            )


# --- a wrong entry is taken back -------------------------------------------------------------------


def take_back(change: MunicipalityChange) -> None:
    """Closed forms live again; heirs' forms go while nobody has touched them."""
    heirs = list(change.successors.filter(pk__in=change.effects.get("began", [])))
    forms = Submission.objects.filter(municipality__in=heirs)
    if touched := forms.exclude(state=SubmissionState.NOT_STARTED).count():
        raise ValidationError(
            f"Отменить нельзя: преемники уже работали с отчётом ({counted(touched, FORMS)}). "
            "Внесите обратное преобразование с его датой и законом."
        )
    campaigns = set(forms.values_list("campaign", flat=True))
    forms.delete()
    for form in Submission.objects.filter(closed_by=change):
        revive = workflow.REVIVE_FORM if form.version else workflow.REVIVE_UNTOUCHED
        with transitions.apply(
            revive, form, by=None, comment="Запись о преобразовании отменена"
        ) as it:
            it.closed_by = None
    for form, former in change.effects.get("custody", []):
        Submission.objects.filter(pk=form).update(custodian=former)
    for campaign in Campaign.objects.filter(pk__in=campaigns):
        refresh_origins(campaign=campaign)
