"""Who has not filed: holder, days late, whom to call, what was promised."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from annual_report.contacts import describe_missing
from annual_report.models import Submission
from annual_report.permissions import extends_submission, manage_reports, reads_contacts
from annual_report.queue import filter_queue, state_filter
from annual_report.review_forms import CallForm
from annual_report.services.contacts import note_call, record_reading
from annual_report.views.choice import choose_campaign, forms_of, read_filter, reads_queue
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.text import format_date
from okmo_portal.organisations.models import Region

PAGE = 30


def missing_forms(user, campaign, chosen):
    """The queue's filters over those who have not filed; "overdue" leaves those past their day."""
    state = "overdue" if chosen.get("state") == "overdue" else "not_filed"
    rows = filter_queue(forms_of(user, campaign), {**chosen, "state": ""})
    return rows.filter(state_filter(state)).select_related(
        "municipality__parent", "region", "campaign"
    )


@login_required
def missing_list(request):
    """Contacts are shown to the region's council and, with a region chosen, to the Congress."""
    if not reads_queue(request.user):
        raise Http404
    campaign, campaigns = choose_campaign(request)
    if campaign is None:
        return render(request, "annual_report/review/empty.html")
    form = read_filter(request.GET)
    chosen = form.chosen()
    rows = missing_forms(request.user, campaign, chosen)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    with_contacts = reads_contacts(request.user)
    lines = describe_missing(
        list(page.object_list), timezone.localdate(), with_contacts=with_contacts
    )
    record_reading(contacts=[line.contacts for line in lines if line.contacts], by=request.user)
    is_staff = manage_reports(request.user)
    context = {
        "campaign": campaign,
        "campaigns": campaigns,
        "regions": Region.objects.order_by("sort_key") if not_council(request.user) else [],
        "region": chosen.get("region") or "",
        "state": chosen.get("state") or "",
        "kind": chosen.get("kind") or "",
        "filter": form,
        "page": page,
        "lines": lines,
        "with_contacts": with_contacts,
        "can_download": with_contacts and (not is_staff or bool(chosen.get("region"))),
        "can_bulk": with_contacts and campaign.takes_answers,
        "today": timezone.localdate(),
    }
    return render(request, "annual_report/review/missing.html", context)


def not_council(user):
    active = user.active_membership
    return active is not None and not active.is_council


@login_required
def review_phones(request):
    """The phone list as a file; the Congress takes it by region, for each reading is recorded."""
    if not reads_contacts(request.user):
        raise Http404
    campaign, _campaigns = choose_campaign(request)
    if campaign is None:
        raise Http404
    chosen = read_filter(request.GET).chosen()
    if manage_reports(request.user) and not chosen.get("region"):
        messages.info(request, "Выберите субъект РФ: телефоны выгружаются по субъектам.")
        return redirect(f"{reverse('annual_report:missing-list')}?campaign={campaign.pk}")
    forms = list(missing_forms(request.user, campaign, chosen))
    lines = describe_missing(forms, timezone.localdate(), with_contacts=True)
    record_reading(contacts=[line.contacts for line in lines], by=request.user)
    return csv_response(
        f"not-filed-{campaign.year}-{campaign.pk}.csv",
        ["Субъект РФ", "Муниципалитет", "Состояние", "Срок", "Дней опоздания", "Телефон", "Почта",
         "Кому звонить", "Телефон человека", "Почта человека", "Последний звонок", "Обещали"],
        (row for line in lines for row in phone_rows(line)),
    )  # fmt: skip


def phone_rows(line):
    """A row per person; a municipality without people has one, too."""
    item, call = line.submission, line.call
    head = [
        item.region.name, item.municipality.name, line.holder, format_date(item.municipality_due),
        line.days_late, line.contacts.phone, line.contacts.email,
    ]  # fmt: skip
    tail = [
        f"{format_date(call.at)}, {call.by}: {call.text}" if call else "",
        format_date(call.promised_on) if call and call.promised_on else "",
    ]
    for person in line.contacts.people:
        yield [*head, f"{person.name}, {person.position}", person.phone, person.email, *tail]
    if not line.contacts.people:
        yield [*head, "", "", "", *tail]


@login_required
def call_note(request, pk):
    """What a call came to, with all earlier calls."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user).with_territory(), pk=pk
    )
    # Who may extend is who calls: the region's council and the Congress.
    if not extends_submission.test(request.user, submission):
        raise Http404
    form = CallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note_call(submission=submission, by=request.user, **form.cleaned_data)
        messages.success(request, "Звонок записан.")
        return redirect(
            f"{reverse('annual_report:missing-list')}?campaign={submission.campaign_id}"
            f"&region={submission.region.code}"
        )
    line = describe_missing([submission], timezone.localdate(), with_contacts=True)[0] if (
        submission.is_with_municipality
    ) else None  # fmt: skip
    if line:
        record_reading(contacts=[line.contacts], by=request.user)
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "line": line,
        "calls": submission.contact_notes.select_related("by")[:50],
        "form": form,
    }
    return render(request, "annual_report/review/call.html", context)
