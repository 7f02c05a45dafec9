"""Workbooks for many municipalities: their contents read set by set, archives made part by part.

A batch is cut into bundles of one region each. Every bundle is a task of its own and is kept once
it is stored, so that a killed worker costs one bundle and a repeated job makes only what is missing.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annual_report.earlier import EarlierValue, earlier_values
from annual_report.enums import DONE_STATES, SubmissionState
from annual_report.filled_form import carry_over, compute
from annual_report.form_rules import get_form_rules
from annual_report.form_spec import FormSpec, get_form_spec
from annual_report.models import (
    Answer,
    Campaign,
    CatalogueStamp,
    Explanation,
    Observation,
    Submission,
    WorkbookBatch,
    WorkbookBundle,
)
from annual_report.operands import operands_of_many
from annual_report.services.workbooks import get_layout, workbook_name
from annual_report.workbooks.content import Content, Saved
from annual_report.workbooks.layout import Layout
from annual_report.workbooks.stamp import get_template
from okmo_portal.accounts.models import User
from okmo_portal.documents.services import store_bytes
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import Region

#: Copies in one archive: some 30 MB, half a minute of work.
BUNDLE = 250
#: Copies whose values are read at once, and after which the job's progress is told.
CHUNK = 50
ZIP = "application/zip"

# --- contents ------------------------------------------------------------------------------------------

Values = dict[int, dict[int, Any]]


def make_copies(campaign: Campaign, submissions: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """File name and workbook of each form, in the order of its number."""
    stamp = CatalogueStamp.current()
    for start in range(0, len(submissions), CHUNK):
        forms = list(
            Submission.objects.filter(pk__in=submissions[start : start + CHUNK])
            .select_related("campaign", "municipality", "region")
            .order_by("pk")
        )
        for submission, layout, content in read_contents(campaign, forms, stamp):
            yield workbook_name(submission), get_template(layout).copy(content)


def read_contents(
    campaign: Campaign, forms: Sequence[Submission], stamp: UUID | None = None
) -> Iterator[tuple[Submission, Layout, Content]]:
    """What ``workbooks.get_content`` reads for one form, for many in six queries."""
    stamp = stamp or CatalogueStamp.current()
    places = [form.municipality_id for form in forms]
    answers = _answers(forms)
    before = earlier_values(campaign, [form.pk for form in forms])
    explained = _explanations(forms)
    federal = _federal(campaign, places)
    rules = get_form_rules(campaign.form_id, campaign.year, stamp)
    kinds = {form.municipality_id: form.municipality.kind for form in forms}
    operands = operands_of_many(campaign, rules, kinds)
    now = timezone.now()
    for form in forms:
        spec = get_form_spec(campaign.form_id, form.municipality.kind, campaign.year, stamp)
        layout = get_layout(campaign.form, form.municipality.kind, campaign.year, stamp)
        known = {
            key: value
            for key, value in operands[form.municipality_id].items()
            if key in layout.known_keys
        }
        for field in spec.federal:
            value = federal[form.municipality_id].get(field.pk)
            if value is not None:
                known[f"outside:{field.code}"] = value
        own = answers[form.pk]
        yield (
            form,
            layout,
            Content(
                campaign=campaign.pk,
                oktmo=form.municipality.oktmo,
                municipality=form.municipality.name,
                region=form.region.name,
                due=form.due,
                made_at=now,
                saved={item.code: own[item.pk] for item in spec.asked if item.pk in own},
                previous=previous_by_code(spec, before.get(form.pk, {})),
                explained=explained[form.pk],
                known=known,
            ),
        )


def _answers(forms: Sequence[Submission]) -> Values:
    rows = Answer.objects.filter(submission__in=forms).values_list(
        "submission_id", "indicator_id", "value", "no_data_reason", "note", "plan_1", "plan_2",
        "plan_3", "updated_at",
    )  # fmt: skip
    found: Values = defaultdict(dict)
    for form, indicator, value, reason, note, first, second, third, at in rows.iterator():
        found[form][indicator] = Saved(value, reason, note, (first, second, third), at.isoformat())
    return found


def previous_by_code(spec: FormSpec, found: Mapping[int, EarlierValue]) -> dict[str, Decimal]:
    """Last year's values in this year's units, computed ones too; as ``filled_form`` has them."""
    carried = carry_over(spec, found)
    values: dict[str, Decimal] = {
        item.code: value
        for item in spec.asked
        if item.pk in carried and (value := carried[item.pk].value) is not None
    }
    then: dict[str, Decimal | None] = {item.code: values.get(item.code) for item in spec.asked}
    for item in spec.computed:
        number = compute(item, then, spec.kind)
        if number is not None:
            values[item.code] = number
    return values


def _explanations(forms: Sequence[Submission]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = Explanation.objects.filter(submission__in=forms)
    for form, code, text in rows.values_list("submission_id", "rule__code", "text"):
        found[form][code] = text
    return found


def _federal(campaign: Campaign, places: Sequence[int]) -> Values:
    rows = (
        Observation.objects.federal()
        .filter(municipality_id__in=places, year=campaign.year)
        .preferred()
        .values_list("municipality_id", "indicator_id", "value")
    )
    found: Values = defaultdict(dict)
    for place, indicator, value in rows:
        found[place][indicator] = value
    return found


# --- batches -------------------------------------------------------------------------------------------


@transaction.atomic
def start_batch(
    *, campaign: Campaign, region: Region | None, only_missing: bool, by: User
) -> WorkbookBatch:
    """Order copies for a region or, without one, for the country; while such a job runs, its batch.

    Raises ValidationError when there is nobody to make them for.
    """
    key = f"annual_report:workbooks:{campaign.pk}:{region.pk if region else 0}:{only_missing:d}"
    running = Job.objects.unfinished().filter(key=key).first()
    if running is not None:
        return WorkbookBatch.objects.get(job=running)
    forms = campaign.submissions.exclude(state=SubmissionState.CLOSED)
    forms = forms.order_by("region__sort_key", "municipality__sort_key")
    if region is not None:
        forms = forms.filter(region=region)
    if only_missing:
        forms = forms.exclude(state__in=DONE_STATES)
    by_region: dict[int, list[int]] = defaultdict(list)
    for form, place in forms.values_list("pk", "region_id"):
        by_region[place].append(form)
    if not by_region:
        raise ValidationError("Все муниципалитеты уже сдали форму: книги делать не для кого.")
    batch = WorkbookBatch.objects.create(
        campaign=campaign, region=region, only_missing=only_missing, by=by
    )
    WorkbookBundle.objects.bulk_create(
        WorkbookBundle(batch=batch, region_id=place, number=number, submissions=part)
        for place, found in by_region.items()
        for number, part in enumerate(cut(found), 1)
    )
    batch.job = jobs.start_job(
        title=f"Книги Excel за {campaign.year} год: {region.name if region else 'все субъекты'}",
        task="annual_report.build_workbooks",
        arguments={"batch_id": str(batch.pk)},
        by=by,
        queue="report",
        key=key,
        back_url=reverse("annual_report:workbook-list"),
    )
    batch.save(update_fields=["job"])
    return batch


def cut(forms: list[int]) -> list[list[int]]:
    """Parts of nearly equal length, none longer than a bundle."""
    count = -(-len(forms) // BUNDLE)
    size = -(-len(forms) // count)
    return [forms[start : start + size] for start in range(0, len(forms), size)]


def missing_bundles(batch: WorkbookBatch) -> list[WorkbookBundle]:
    """The longest first: begun last, it would keep one process busy while the others have nothing."""
    return sorted(batch.bundles.filter(document=None), key=lambda bundle: -bundle.count)


def make_bundle(*, bundle: WorkbookBundle, tell: Callable[[int], object]) -> None:
    """Write the archive and keep it; one that another worker has stored meanwhile stays.

    ``tell(n)`` hears of every n copies.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, content) in enumerate(
            make_copies(bundle.batch.campaign, bundle.submissions), 1
        ):
            archive.writestr(name, content)
            if number % CHUNK == 0:
                tell(CHUNK)
    tell(bundle.count % CHUNK)
    store_bundle(bundle=bundle, content=target.getvalue())


@transaction.atomic
def store_bundle(*, bundle: WorkbookBundle, content: bytes) -> None:
    locked = WorkbookBundle.objects.select_for_update(of=("self",)).get(pk=bundle.pk)
    if locked.document_id is not None:
        return
    parts = bundle.batch.bundles.filter(region=bundle.region_id).count()
    part = f", часть {bundle.number} из {parts}" if parts > 1 else ""
    locked.document = store_bytes(
        content=content,
        name=f"Книги {bundle.batch.campaign.year}, {bundle.region.name}{part}.zip",
        content_type=ZIP,
        by=bundle.batch.by,
        subject=locked,
    )
    locked.save(update_fields=["document"])


@transaction.atomic
def drop_older(batch: WorkbookBatch) -> int:
    """Forget finished batches that this one replaces: their copies hold older values."""
    older = WorkbookBatch.objects.filter(
        campaign=batch.campaign, region=batch.region, only_missing=batch.only_missing,
        at__lt=batch.at,
    ).exclude(job__in=Job.objects.unfinished())  # fmt: skip
    count = 0
    for found in older:
        for bundle in found.bundles.filter(document__isnull=False).select_related("document"):
            document = bundle.document
            bundle.delete()
            if document is not None:
                name, storage = document.file.name, document.file.storage
                document.delete()
                transaction.on_commit(partial(storage.delete, name))
        found.delete()
        count += 1
    return count


def can_read_bundle(user: Any, bundle_id: str) -> bool:
    return WorkbookBundle.objects.visible_to(user).filter(pk=bundle_id).exists()
