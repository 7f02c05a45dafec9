"""What a campaign would be before it is opened: how many forms, what they ask, what is known already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef

from annual_report.enums import Prefill
from annual_report.form_spec import get_form_spec
from annual_report.models import Campaign, Form, FormField, Indicator, Observation, Submission
from okmo_portal.core.workdays import next_working
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Municipality

DATES = ("opens_on", "municipality_deadline", "council_deadline", "congress_deadline")


@dataclass(frozen=True)
class KindPreview:
    """Forms of one kind: ``known`` counts asked fields that somebody has answered already."""

    label: str
    forms: int
    asked: int
    required: int
    last_year: int
    federal: int

    @property
    def left(self) -> int:
        """Fields that a municipality types itself when all that is known comes over."""
        return max(self.asked - self.last_year - self.federal, 0)


@dataclass(frozen=True)
class Preview:
    kinds: list[KindPreview]
    forms: int
    cells: int
    #: At most: as many as last year's approved forms and federal data can give.
    known: int
    #: Fields that wait for federal data which nobody has imported for the year.
    without_federal: list[str]

    @property
    def known_share(self) -> float:
        return self.known / self.cells if self.cells else 0.0


def preview(campaign: Campaign) -> Preview:
    """Counts by kind from the register on the campaign's date; nothing is written."""
    registered = dict(
        Municipality.objects.on(campaign.register_date)
        .filter(status="active")
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    answered = answered_last_year(campaign)
    federal = federal_indicators(campaign)
    kinds, known, missing = [], 0, set()
    for kind, label in MunicipalityKind.choices:
        number = registered.get(kind, 0)
        if not number:
            continue
        spec = get_form_spec(campaign.form_id, kind, campaign.year)
        carried = [item for item in spec.asked if item.prefill == Prefill.LAST_YEAR]
        held = [item for item in spec.federal if item.pk in federal]
        missing |= {f"{item.code} {item.title}" for item in spec.federal if item.pk not in federal}
        with_answers = answered.get(kind, 0)
        kinds.append(
            KindPreview(
                str(label).capitalize(),
                number,
                len(spec.asked),
                spec.required,
                len(carried) if with_answers else 0,
                len(held),
            )
        )
        known += min(with_answers, number) * len(carried) + number * len(held)
    return Preview(
        kinds,
        sum(item.forms for item in kinds),
        sum(item.forms * item.asked for item in kinds),
        known,
        sorted(missing),
    )


def answered_last_year(campaign: Campaign) -> dict[str, int]:
    """Approved forms of the year before by kind; their values come over."""
    return dict(
        Submission.objects.counted()
        .filter(campaign__year=campaign.year - 1, campaign__is_main=campaign.is_main)
        .order_by()
        .values_list("municipality__kind")
        .annotate(Count("pk"))
    )


def federal_indicators(campaign: Campaign) -> set[int]:
    """Indicators of the form for which federal data of the year have been imported."""
    fields = FormField.objects.filter(form=campaign.form_id, prefill=Prefill.FEDERAL)
    known = Observation.objects.filter(
        indicator=OuterRef("pk"), year=campaign.year, dataset__is_federal=True
    )
    rows = Indicator.objects.filter(pk__in=fields.values("indicator")).filter(Exists(known))
    return set(rows.values_list("pk", flat=True))


def suggest(source: Campaign | None) -> dict[str, Any]:
    """Initial values of the next campaign: last year's a year later, on working days."""
    if source is None:
        return {}
    year = source.year + 1
    newest = Form.objects.filter(family=source.form.family).order_by("-version").first()
    values: dict[str, Any] = {
        "form": newest or source.form,
        "year": year,
        "is_main": source.is_main,
        "accepts_late": source.accepts_late,
        "title": source.title.replace(str(source.year), str(year)),
        "register_date": a_year_later(source.register_date),
    }
    for name in DATES:
        values[name] = next_working(a_year_later(getattr(source, name)))
    return values


def a_year_later(day: date) -> date:
    """The same date a year on; the last of February for its 29th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def previous_campaign(campaign: Campaign) -> Campaign | None:
    """The campaign to compare with: the newest earlier one with a form of the same family."""
    return (
        Campaign.objects.filter(year__lt=campaign.year, form__family=campaign.form.family)
        .select_related("form")
        .order_by("-year", "-pk")
        .first()
    )
