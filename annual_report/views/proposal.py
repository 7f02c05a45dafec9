"""Proposals: a municipality files them, the Congress decides, everybody follows their fate."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.enums import ProposalOutcome, ProposalState
from annual_report.models import Proposal, Report
from annual_report.permissions import manage_reports
from annual_report.services import proposals as services
from okmo_portal.organisations.permissions import is_municipality_editor
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


class ProposalForm(forms.ModelForm):
    class Meta:
        model = Proposal
        fields = ["title", "act", "article", "wording", "reason"]
        help_texts = {
            "act": "Например: Федеральный закон № 33-ФЗ",
            "wording": "Текст, который Вы предлагаете внести в акт. Предложение публикуется.",
            "reason": "Что мешает сейчас и что изменится для жителей.",
        }


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label="Итог",
        choices=[item for item in ProposalOutcome.choices if item[0] != ProposalOutcome.NONE],
    )
    replied_on = forms.DateField(
        label="Дата ответа", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reply = forms.CharField(label="Ответ Правительства", widget=forms.Textarea, max_length=4000)


@login_required
def proposal_list(request):
    """One's municipality's, one's region's, or all of them."""
    rows = Proposal.objects.visible_to(request.user).select_related("municipality", "region")
    state = request.GET.get("state", "")
    if state in ProposalState.values:
        rows = rows.filter(state=state)
    context = {
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "states": ProposalState.choices,
        "state": state,
        "can_file": is_municipality_editor(request.user),
    }
    return render(request, "annual_report/proposal/list.html", context)


@login_required
def proposal_create(request):
    if not is_municipality_editor(request.user):
        raise Http404
    form = ProposalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.file_proposal(
                year=timezone.localdate().year - 1, by=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Предложение подано. О решении придёт уведомление.")
            return redirect("annual_report:proposal-list")
    return render(request, "annual_report/proposal/create.html", {"form": form})


@login_required
def proposal_review(request, pk):
    """The proposal with its history; the Congress's decisions."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), pk=pk)
    context = {
        "proposal": proposal,
        "events": StateChange.objects.of(proposal)[:20],
        "moves": {
            name: move.is_open_to(request.user, proposal)
            for name, move in (
                ("include", workflow.INCLUDE_PROPOSAL),
                ("decline", workflow.DECLINE_PROPOSAL),
                ("send", workflow.SEND_PROPOSAL),
                ("answer", workflow.ANSWER_PROPOSAL),
            )
        },
        "reports": Report.objects.select_related("campaign").order_by("-campaign__year")[:5],
        "form": AnswerForm(),
    }
    return render(request, "annual_report/proposal/review.html", context)


@login_required
@require_POST
def proposal_decide(request, pk, action):
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), pk=pk)
    if not manage_reports.test(request.user):
        raise Http404
    try:
        decide(request, proposal, action)
        messages.success(request, "Решение записано, муниципалитет получит уведомление.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "По этому предложению уже есть другое решение.")
    except PermissionDenied:
        raise Http404 from None
    return redirect("annual_report:proposal-review", pk=pk)


def decide(request, proposal, action):
    if action == "include":
        number = request.POST.get("report", "")
        report = Report.objects.filter(pk=int(number) if number.isdigit() else 0).first()
        if report is None:
            raise ValidationError("Выберите доклад.")
        services.include_proposal(proposal=proposal, report=report, by=request.user)
    elif action == "decline":
        comment = request.POST.get("comment", "")[:2000]
        services.decline_proposal(proposal=proposal, by=request.user, comment=comment)
    elif action == "send":
        services.send_proposal(proposal=proposal, by=request.user)
    else:
        form = AnswerForm(request.POST)
        if not form.is_valid():
            raise ValidationError("Выберите итог, введите дату и текст ответа.")
        services.answer_proposal(proposal=proposal, by=request.user, **form.cleaned_data)


def public_list(request):
    """What municipalities proposed to the Government, and what came of it."""
    rows = Proposal.objects.public().select_related("municipality", "region", "report__campaign")
    context = {"page": Paginator(rows, 30).get_page(request.GET.get("page"))}
    return render(request, "annual_report/proposal/public_list.html", context)


def public_detail(request, pk):
    rows = Proposal.objects.public().select_related("municipality", "region", "report__campaign")
    proposal = get_object_or_404(rows, pk=pk)
    context = {"proposal": proposal, "events": StateChange.objects.of(proposal)[:20]}
    return render(request, "annual_report/proposal/public_detail.html", context)
