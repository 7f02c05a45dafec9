"""Chapters under way: staff write all of them, a council its region's; numbers that changed."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annual_report.bindings import changes
from annual_report.models import Report, ReportChapter
from annual_report.permissions import edits_chapter, manage_reports
from annual_report.services import chapters as services
from okmo_portal.organisations.permissions import is_auditor


class ChapterForm(forms.Form):
    title = forms.CharField(label="Заголовок", max_length=200)
    text = forms.CharField(
        label="Текст",
        widget=forms.Textarea(attrs={"rows": 14}),
        required=False,
        max_length=20_000,
        help_text=(
            "Абзацы разделяйте пустой строкой. Числа — обозначениями: {{ total.A05 }} значение, "
            "{{ prev.A05 }} год назад, {{ count.A01 }} без единицы, {{ change.A05 }} рост, "
            "{{ year }}, {{ coverage }}, {{ municipalities }}. В главе субъекта РФ значение по "
            "стране — {{ nation.total.A05 }}."
        ),
    )


def editable_chapters(user):
    """Staff have all chapters, auditors read them, a council has its region's."""
    rows = ReportChapter.objects.select_related("report__campaign", "report__snapshot", "region")
    if manage_reports.test(user) or is_auditor(user):
        return rows
    active = user.active_membership
    if active is not None and active.is_council:
        return rows.filter(region_id=active.organisation.region_id)
    return rows.none()


@login_required
def chapter_list(request, year):
    chapters = list(
        editable_chapters(request.user)
        .filter(report__campaign__year=year, report__campaign__is_main=True)
        .select_related("confirmed_by")
        .defer("html")
        .order_by("order")
    )
    if not chapters:
        raise Http404
    rows = [
        {
            "chapter": item,
            "changes": changes(item.confirmed, item.bindings),
            "is_new": not item.confirmed,
        }
        for item in chapters
    ]
    context = {
        "report": chapters[0].report,
        "rows": rows,
        "flagged": sum(bool(row["changes"]) for row in rows),
        "can_confirm": manage_reports.test(request.user),
    }
    return render(request, "annual_report/report/chapters.html", context)


@login_required
@require_POST
def chapter_confirm(request, year):
    """The ticked chapters' numbers have been looked at."""
    if not manage_reports.test(request.user):
        raise Http404
    report = get_object_or_404(Report, campaign__year=year, campaign__is_main=True)
    numbers = [value for value in request.POST.getlist("chapter") if value.isdigit()]
    count = services.confirm_chapters(
        chapters=report.chapters.filter(pk__in=numbers), by=request.user
    )
    messages.success(request, f"Числа подтверждены, глав: {count}.")
    return redirect("annual_report:chapter-list", year=year)


@login_required
def chapter_edit(request, pk):
    chapter = get_object_or_404(editable_chapters(request.user), pk=pk)
    can_edit = edits_chapter.test(request.user, chapter)
    form = ChapterForm(request.POST or None, initial={"title": chapter.title, "text": chapter.text})
    if request.method == "POST":
        if not can_edit:
            raise Http404
        if form.is_valid() and save(request, chapter, form):
            return redirect("annual_report:chapter-edit", pk=pk)
    context = {
        "chapter": chapter,
        "report": chapter.report,
        "form": form,
        "can_edit": can_edit,
        "changes": changes(chapter.confirmed, chapter.bindings) if chapter.confirmed else [],
        "is_stale": chapter.computed_from != services.source_hash(chapter, chapter.report),
        "can_confirm": manage_reports.test(request.user),
    }
    return render(request, "annual_report/report/chapter.html", context)


def save(request, chapter, form) -> bool:
    try:
        services.edit_chapter(chapter=chapter, by=request.user, **form.cleaned_data)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            form.add_error(None, error)
        else:
            messages.error(request, error.messages[0])
        return False
    messages.success(request, "Глава сохранена. Числа пересчитываются.")
    return True
