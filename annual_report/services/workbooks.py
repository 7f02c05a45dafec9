"""A form's workbook: making one, taking one back, comparing it, accepting what it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from annual_report.enums import AnswerSource
from annual_report.filled_form import FilledForm, get_filled_form
from annual_report.form_rules import get_form_rules
from annual_report.form_spec import FormSpec, get_form_spec
from annual_report.models import (
    CatalogueStamp,
    Explanation,
    Form,
    Submission,
    WorkbookAcceptance,
    WorkbookUpload,
)
from annual_report.operands import operands_of
from annual_report.permissions import edits_submission
from annual_report.rules import split_key
from annual_report.services.answers import (
    CellInput,
    lock_submission,
    save_answers,
    store_explanations,
)
from annual_report.services.notices import municipality_people
from annual_report.services.workbook_compare import (
    RULES,
    Comparison,
    Decision,
    compare,
)
from annual_report.workbooks.content import Content, Saved
from annual_report.workbooks.layout import Layout, Rule, make_layout
from annual_report.workbooks.reader import Uploaded, WorkbookRefused, read_workbook
from annual_report.workbooks.stamp import get_template
from okmo_portal.accounts.models import User
from okmo_portal.documents.services import store_document
from okmo_portal.notifications.services import notify

#: Kinds of operand that stand in visible cells.
OWN = ("", "prev")

# --- making ------------------------------------------------------------------------------------------


def get_layout(form: Form, kind: str, year: int, stamp: UUID | None = None) -> Layout:
    """The workbook of ``form`` for one kind of municipality, kept while the catalogue stands."""
    return _layout(form.pk, kind, year, stamp or CatalogueStamp.current())


@lru_cache(maxsize=64)
def _layout(form_id: int, kind: str, year: int, stamp: UUID | None) -> Layout:
    form = Form.objects.get(pk=form_id)
    spec = get_form_spec(form_id, kind, year, stamp)
    return make_layout(
        form=form.code,
        version=form.version,
        title=form.title,
        year=year,
        kind=kind,
        fields=spec.fields,
        rules=_rules(spec),
    )


def _rules(spec: FormSpec) -> list[Rule]:
    """Rules that can speak of this kind of municipality."""
    found = []
    for rule in get_form_rules(spec.form_id, spec.year, spec.stamp).rules:
        codes = tuple(code for code in rule.codes if code in spec.by_code)
        own = {code for prefix, code in map(split_key, rule.expression.needs) if prefix in OWN}
        if codes and own <= spec.by_code.keys():
            found.append(
                Rule(
                    code=rule.code,
                    severity=rule.severity,
                    expression=rule.expression,
                    message=rule.message,
                    hint=rule.hint,
                    codes=codes,
                    shown=rule.shown,
                )
            )
    return found


def get_content(form: FilledForm) -> Content:
    """What a submission's workbook is filled with now."""
    submission = form.submission
    explained = Explanation.objects.filter(submission=submission).values_list("rule__code", "text")
    return Content(
        campaign=submission.campaign_id,
        oktmo=submission.municipality.oktmo,
        municipality=submission.municipality.name,
        region=submission.region.name,
        due=submission.due,
        made_at=timezone.now(),
        saved=saved_cells(form),
        previous={
            code: cell.previous for code, cell in form.cells.items() if cell.previous is not None
        },
        explained=dict(explained),
        known=known_values(form),
    )


def known_values(form: FilledForm) -> dict[str, Decimal]:
    """What rules compare with and no visible cell holds, by operand's key."""
    operands = operands_of(form, get_form_rules(form.spec.form_id, form.spec.year, form.spec.stamp))
    federal = {
        f"outside:{cell.code}": cell.federal.value
        for cell in form.asked
        if cell.federal is not None
    }
    return operands | federal


def saved_cells(form: FilledForm) -> dict[str, Saved]:
    """The answers as the workbook knows them, by code."""
    return {
        cell.code: Saved(
            cell.answer.value,
            cell.answer.no_data_reason,
            cell.answer.note,
            cell.answer.plans,
            cell.answer.updated_at.isoformat(),
        )
        for cell in form.asked
        if cell.answer is not None
    }


def make_workbook(submission: Submission) -> bytes:
    """The file for one municipality, filled with what is saved now."""
    campaign = submission.campaign
    layout = get_layout(campaign.form, submission.municipality.kind, campaign.year)
    return get_template(layout).copy(get_content(get_filled_form(submission)))


def workbook_name(submission: Submission) -> str:
    """Sorts by territory in a folder, and tells a person whose it is."""
    municipality = submission.municipality
    return f"{municipality.oktmo} {municipality.name} {submission.campaign.year}.xlsx"[-180:]


# --- taking back ---------------------------------------------------------------------------------------


def check_belongs(uploaded: Uploaded, submission: Submission) -> None:
    """Refuse another municipality's, year's or form's workbook by name."""
    meta, campaign = uploaded.meta, submission.campaign
    here, there = submission.municipality.name, meta.municipality
    other_unit = meta.oktmo != submission.municipality.oktmo
    if other_unit and meta.year != campaign.year:
        raise WorkbookRefused(
            f"Это книга муниципалитета «{there}» за {meta.year} год, а здесь «{here}» за "
            f"{campaign.year} год. Выберите другой файл или откройте форму того муниципалитета.",
            "municipality",
        )
    if other_unit:
        raise WorkbookRefused(
            f"Это книга муниципалитета «{there}», а здесь «{here}». Выберите другой файл.",
            "municipality",
        )
    if meta.year != campaign.year:
        raise WorkbookRefused(
            f"Это книга за {meta.year} год, а здесь форма за {campaign.year} год. Откройте форму за "
            f"{meta.year} год или выберите другой файл.",
            "year",
        )
    check_form_version(uploaded, campaign.form)


def check_form_version(uploaded: Uploaded, form: Form) -> None:
    """An older version of the same form goes on; anything else is refused by name."""
    meta = uploaded.meta
    if meta.form == form.code:
        return
    other = Form.objects.filter(code=meta.form).first()
    if other is None or other.family != form.family:
        title = other.title if other else meta.form
        raise WorkbookRefused(
            f"Это книга формы «{title}», а здесь форма «{form.title}». Скачайте книгу на этой "
            "странице.",
            "form",
        )
    if other.version > form.version:
        raise WorkbookRefused(
            f"Книга сделана по версии {other.version} формы, а здесь версия {form.version}. "
            "Скачайте новую книгу и перенесите в неё свои значения.",
            "version",
        )


@transaction.atomic
def take_workbook(
    *, submission: Submission, content: bytes, name: str, by: User, proposal: bool = False
) -> WorkbookUpload:
    """Read and keep an uploaded workbook; nothing of it is saved to the form.

    Raises ValidationError in Russian for a file that is no workbook of this form; such a file is
    kept nowhere.
    """
    try:
        uploaded = read_workbook(content)
        check_belongs(uploaded, submission)
        comparison = compare(get_filled_form(submission), uploaded, check=False)
    except WorkbookRefused as refusal:
        raise ValidationError(str(refusal), code=refusal.code) from refusal
    if proposal and comparison.is_empty:
        raise ValidationError("В книге то же, что в портале: предлагать нечего.", code="same")
    document = store_document(file=ContentFile(content, name), by=by)
    upload = WorkbookUpload.objects.create(
        submission=submission,
        document=document,
        by=by,
        made_at=uploaded.meta.made_at,
        is_proposal=proposal,
        changed=len(comparison.changed),
        wrong=len(comparison.wrong),
    )
    document.subject_label = WorkbookUpload._meta.label_lower
    document.subject_id = str(upload.pk)
    document.save(update_fields=["subject_label", "subject_id"])
    if proposal:
        transaction.on_commit(partial(tell_of_proposal, upload_id=upload.pk))
    return upload


def tell_of_proposal(*, upload_id: UUID) -> None:
    """The council sent a filled workbook: the municipality looks at it and accepts it or not."""
    upload = WorkbookUpload.objects.select_related("submission__campaign").get(pk=upload_id)
    year = upload.submission.campaign.year
    notify(
        kind="annual_report.workbook",
        recipients=municipality_people(*upload.submission.keepers),
        key=f"annual_report:workbook:{upload.pk}",
        title=f"Совет прислал книгу с данными за {year} год: проверьте и примите её",
        body="Пока Вы не примете книгу, в форме ничего не изменится.",
        url=upload.get_absolute_url(),
    )


def read_upload(upload: WorkbookUpload) -> Uploaded:
    with upload.document.file.open("rb") as file:
        return read_workbook(file.read())


def compare_upload(upload: WorkbookUpload, form: FilledForm | None = None) -> Comparison:
    """The workbook beside what is saved now. Raises ValidationError when it no longer fits."""
    form = form or get_filled_form(upload.submission)
    try:
        uploaded = read_upload(upload)
        check_form_version(uploaded, upload.submission.campaign.form)
        return compare(form, uploaded)
    except WorkbookRefused as refusal:
        raise ValidationError(str(refusal), code=refusal.code) from refusal


def can_read_upload(user: Any, upload_id: str) -> bool:
    """The file follows its upload."""
    return WorkbookUpload.objects.visible_to(user).filter(pk=upload_id).exists()


# --- accepting -----------------------------------------------------------------------------------------


@dataclass
class Accepted:
    """What became of the cells of the accepted sections."""

    saved: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    #: Conflicts without a decision, or whose other side changed again.
    open: list[str] = field(default_factory=list)
    #: Cells with errors, which nobody can accept.
    wrong: list[str] = field(default_factory=list)
    #: Cells that may not change now, with the reason.
    refused: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def accept_upload(
    *,
    upload: WorkbookUpload,
    parts: Sequence[str],
    decisions: Mapping[str, Decision],
    by: User,
) -> Accepted:
    """Save what the workbook changes in ``parts`` (codes of sections, or RULES).

    Compares again under the form's lock: what somebody has changed since the page was made is a
    conflict, and waits. Doing it twice changes nothing the second time. Raises PermissionDenied and
    ValidationError as ``save_answers`` does.
    """
    locked = lock_submission(upload.submission_id, by)
    comparison = compare_upload(upload, get_filled_form(locked))
    result = Accepted()
    cells: dict[str, CellInput] = {}
    for row in comparison.rows_of(parts):
        saved = row.decide(decisions.get(row.code))
        if row.errors:
            result.wrong.append(row.code)
        elif saved is None:
            result.open.append(row.code)
        elif row.changes(saved):
            cells[row.code] = to_input(saved)
    if cells:
        done = save_answers(submission=locked, cells=cells, by=by, source=AnswerSource.WORKBOOK)
        result.saved, result.refused = done.saved, done.refused
    if RULES in parts:
        _accept_explanations(locked, comparison, decisions, result, by)
    _log(upload, comparison, result, by)
    return result


def to_input(saved: Saved) -> CellInput:
    """Compared under the lock a moment ago, so nothing can have come between."""
    first, second, third = saved.plans
    return CellInput(saved.value, saved.reason, saved.note, None, True, first, second, third)


def _accept_explanations(
    submission: Submission,
    comparison: Comparison,
    decisions: Mapping[str, Decision],
    result: Accepted,
    by: User,
) -> None:
    texts = {}
    for row in comparison.explanations:
        text = row.decide(decisions.get(row.code))
        if row.error:
            result.wrong.append(row.code)
        elif text is None:
            result.open.append(row.code)
        elif text != row.now:
            texts[row.rule_id] = text
            result.explained.append(row.code)
    store_explanations(submission, texts, by)


def _log(upload: WorkbookUpload, comparison: Comparison, result: Accepted, by: User) -> None:
    parts: dict[str, list[str]] = {}
    for code in result.saved:
        parts.setdefault(comparison.rows[code].section.code, []).append(code)
    if result.explained:
        parts[RULES] = result.explained
    WorkbookAcceptance.objects.bulk_create(
        WorkbookAcceptance(upload=upload, part=part, codes=codes, by=by)
        for part, codes in parts.items()
    )


def may_accept(user: Any, upload: WorkbookUpload) -> bool:
    return bool(edits_submission.test(user, upload.submission))
