"""A simple form for readers and municipalities, and the desk's answers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from media import workflow
from media.enums import ContributionState
from media.forms import AcceptForm, ContributionForm
from media.models import Contribution
from media.permissions import is_editor
from media.services import contributions as services
from okmo_portal.organisations.permissions import is_auditor
from okmo_portal.workflow.transitions import TransitionNotAllowed

#: As many texts an hour from one address.
LIMIT, WINDOW = 10, 3600


def contribution_create(request):
    form = ContributionForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        if is_too_often(request):
            form.add_error(
                None,
                _(
                    "С Вашего адреса за час пришло много материалов. Отправьте этот через час; текст остался на странице."
                ),
            )
        else:
            try:
                services.send_contribution(by=request.user, **fields_of(form))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return redirect("media:contribution-sent")
    status = 429 if form.is_bound and form.has_error("__all__", "often") else 200
    return render(request, "media/public/contribution.html", {"form": form}, status=status)


def fields_of(form):
    cleaned = form.cleaned_data
    names = ("kind", "title", "text", "name", "position", "email", "file")
    return {name: cleaned[name] for name in names} | {"municipality": cleaned["oktmo"]}


def is_too_often(request) -> bool:
    key = f"media:contribution:{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, WINDOW)
    return cache.incr(key) > LIMIT


def contribution_sent(request):
    return render(request, "media/public/contribution_sent.html")


@login_required
def contribution_list(request):
    if not (is_editor(request.user) or is_auditor(request.user)):
        raise Http404
    rows = Contribution.objects.visible_to(request.user).select_related("municipality", "region")
    state = request.GET.get("state", "")
    if state in ContributionState.values:
        rows = rows.filter(state=state)
    context = {
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "states": ContributionState.choices,
        "state": state,
    }
    return render(request, "media/desk/contribution_list.html", context)


@login_required
def contribution_detail(request, pk):
    rows = Contribution.objects.visible_to(request.user)
    contribution = get_object_or_404(
        rows.select_related("municipality", "region", "document", "article"), pk=pk
    )
    context = {
        "contribution": contribution,
        "form": AcceptForm(user=request.user),
        "can_decide": workflow.ACCEPT.is_open_to(request.user, contribution),
    }
    return render(request, "media/desk/contribution_detail.html", context)


@login_required
@require_POST
def contribution_decide(request, pk, action):
    contribution = get_object_or_404(Contribution.objects.visible_to(request.user), pk=pk)
    if not workflow.handles_contribution(request.user, contribution):
        raise Http404
    try:
        if action == "accept":
            form = AcceptForm(request.POST, user=request.user)
            if not form.is_valid():
                raise ValidationError("Выберите рубрику, в которую пойдёт материал.")
            article = services.accept_contribution(
                contribution=contribution, rubric=form.cleaned_data["rubric"], by=request.user
            )
            messages.success(request, "Сделан черновик с присланным текстом.")
            return redirect("journal_desk:article-detail", pk=article.pk)
        services.decline_contribution(
            contribution=contribution, answer=request.POST.get("answer", ""), by=request.user
        )
        messages.success(request, "Ответ записан.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "По этому материалу уже есть решение.")
    except PermissionDenied:
        raise Http404 from None
    return redirect("journal_desk:contribution-detail", pk=pk)
