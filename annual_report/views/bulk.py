"""One act on many forms: choosing, confirming, and what became of each."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from annual_report.enums import BulkKind, BulkOutcome
from annual_report.models import BulkRun
from annual_report.review_forms import BulkForm
from annual_report.services.bulk import FITTING, kinds_of, start_bulk, tally
from annual_report.views.choice import back_params, choose_campaign, forms_of, queue_of, reads_queue
from okmo_portal.core.downloads import csv_response

#: Names on the page that asks once more.
SHOWN = 30
#: More ticks than a page has rows are no person's.
MAX_TICKED = 1000
TITLES = {
    BulkKind.APPROVE: ("Утвердить", "Утверждённые данные войдут в доклад."),
    BulkKind.RETURN: ("Вернуть на доработку", "Муниципалитеты снова смогут править формы."),
    BulkKind.REMIND: ("Напомнить", "Людям муниципалитетов уйдёт уведомление и письмо."),
    BulkKind.EXTEND: ("Продлить срок", "Отметка об опоздании останется: срок кампании прежний."),
    BulkKind.ACCEPT: ("Принять", "Формы будут приняты Конгрессом."),
    BulkKind.SEND_BACK: ("Вернуть в совет", "Советы снова проверят формы и увидят замечание."),
}


@login_required
@require_POST
def bulk_start(request):
    """A page that says what will be done with how many forms; the second time it is done."""
    kind, kinds = request.POST.get("kind", ""), kinds_of(request.user)
    if not kinds:
        raise Http404
    if kind not in kinds:
        messages.error(request, "Выберите действие.")
        return redirect("annual_report:review-list")
    params = back_params(request)
    campaign, _campaigns = choose_campaign(request, params)
    if campaign is None:
        raise Http404
    chosen = choose_forms(request, campaign, params)
    fitting = chosen.filter(FITTING[kind])
    count = fitting.count()
    if not count:
        messages.info(request, "Среди отмеченных нет форм, для которых подходит это действие.")
        return redirect(f"{reverse('annual_report:review-list')}?{params.urlencode()}")
    confirmed = "confirmed" in request.POST
    form = BulkForm(kind, request.POST if confirmed else None)
    if confirmed and form.is_valid():
        try:
            run = start_bulk(
                campaign=campaign,
                kind=kind,
                submissions=fitting,
                by=request.user,
                comment=form.cleaned_data.get("comment", ""),
                until=form.cleaned_data.get("until"),
            )
        except ValidationError as error:
            form.add_error("until" if kind == BulkKind.EXTEND else None, error.messages[0])
        except PermissionDenied:
            raise Http404 from None
        else:
            return redirect(run.job if run.job_id else run)
    context = {
        "campaign": campaign,
        "kind": kind,
        "title": TITLES[BulkKind(kind)][0],
        "what": TITLES[BulkKind(kind)][1],
        "count": count,
        "left_out": chosen.count() - count,
        "shown": fitting.select_related("municipality", "region")[:SHOWN],
        "more": max(count - SHOWN, 0),
        "form": form,
        "ticked": ticked(request),
        "regions": regions(request),
        "scope": request.POST.get("scope", ""),
        "back": params.urlencode(),
    }
    return render(request, "annual_report/review/bulk_confirm.html", context)


def ticked(request):
    numbers = request.POST.getlist("submission")[:MAX_TICKED]
    return [value for value in numbers if value.isascii() and value.isdigit() and len(value) < 19]


def choose_forms(request, campaign, params):
    """The ticked forms, all of the ticked regions, or all that the list's filters find."""
    if request.POST.get("scope") == "regions":
        return forms_of(request.user, campaign).filter(region__code__in=regions(request))
    if request.POST.get("scope") == "found":
        return queue_of(request.user, campaign, params)
    return forms_of(request.user, campaign).filter(pk__in=ticked(request))


def regions(request):
    return [code for code in request.POST.getlist("region")[:100] if len(code) == 2]


def visible_run(request, pk):
    if not reads_queue(request.user):
        raise Http404
    runs = BulkRun.objects.visible_to(request.user).select_related("campaign", "by", "job")
    return get_object_or_404(runs, pk=pk)


@login_required
def bulk_list(request):
    """What was done with many forms at once, the newest first."""
    if not reads_queue(request.user):
        raise Http404
    runs = BulkRun.objects.visible_to(request.user).select_related("campaign", "by")
    page = Paginator(runs, 30).get_page(request.GET.get("page"))
    return render(request, "annual_report/review/bulk_list.html", {"page": page})


@login_required
def bulk_detail(request, pk):
    """How many were done, and the list of the skipped ones with reasons."""
    run = visible_run(request, pk)
    show = request.GET.get("show", BulkOutcome.SKIPPED)
    items = run.items.filter(
        outcome=show if show in BulkOutcome.values else BulkOutcome.SKIPPED
    ).select_related("submission__municipality", "submission__region")
    context = {
        "run": run,
        "counts": tally(run),
        "show": show,
        "page": Paginator(items.order_by("pk"), 50).get_page(request.GET.get("page")),
    }
    return render(request, "annual_report/review/bulk_detail.html", context)


@login_required
def bulk_download(request, pk):
    run = visible_run(request, pk)
    labels = dict(BulkOutcome.choices)
    rows = run.items.order_by("pk").values_list(
        "submission__region__name", "submission__municipality__name",
        "submission__municipality__oktmo", "outcome", "reason",
    )  # fmt: skip
    return csv_response(
        f"forms-{run.kind}-{run.pk}.csv",
        ["Субъект РФ", "Муниципалитет", "ОКТМО", "Итог", "Почему"],
        (
            [region, name, oktmo, labels[outcome], reason]
            for region, name, oktmo, outcome, reason in rows.iterator(chunk_size=2000)
        ),
    )
