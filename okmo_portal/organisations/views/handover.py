"""The people of abolished municipalities pass to the heirs; decided by the council or the staff."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from okmo_portal.core.text import counted
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.handover_forms import HandoverForm
from okmo_portal.organisations.services import handover as services

PER_PAGE = 30


def require_decider(user):
    active = user.active_membership
    if active is None or not (active.is_council or active.role == Role.CONGRESS_STAFF):
        raise Http404


@login_required
def handover_list(request):
    """Transformations whose people still wait; the newest first."""
    require_decider(request.user)
    rows = services.waiting_for(request.user)
    rows = rows.prefetch_related("predecessors", "successors").order_by("-date", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "organisations/handover_list.html", {"page": page})


@login_required
def handover_detail(request, pk):
    """Who they are, what each has, and where each goes; all of it in one step."""
    require_decider(request.user)
    change = get_object_or_404(services.changes_visible_to(request.user), pk=pk)
    form = HandoverForm(
        request.POST if request.method == "POST" else None, change=change, by=request.user
    )
    if request.method == "POST" and form.is_valid():
        try:
            result = services.hand_over(change=change, decisions=form.decisions(), by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied:
            raise Http404 from None
        else:
            messages.success(request, describe(result))
            return redirect("organisations:handover-detail", pk=pk)
    context = {
        "change": change,
        "form": form,
        "lines": form.lines(),
        "predecessors": change.predecessors.order_by("sort_key"),
        "successors": form.heirs,
        "heads": services.heads_of(form.heirs),
        "notes": [
            line for part in (change, *change.parts.all()) for line in part.effects.get("notes", [])
        ],
        "others": services.waiting_for(request.user)
        .filter(part_of=change)
        .prefetch_related("predecessors"),
    }
    return render(request, "organisations/handover_detail.html", context)


def describe(result):
    parts = []
    if result.passed:
        parts.append(f"передано: {counted(result.passed, services.PEOPLE)}")
    if result.ended:
        parts.append(f"прекращено: {counted(result.ended, services.PEOPLE)}")
    return f"Готово, {', '.join(parts)}. Людям отправлены уведомления."
