"""Requesting, deciding, switching and ending memberships."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from okmo_portal.accounts.views import safe_next
from okmo_portal.core.text import sort_key
from okmo_portal.organisations import workflow
from okmo_portal.organisations.enums import MembershipState
from okmo_portal.organisations.forms import (
    MembershipRequestForm,
    OrganisationSearchForm,
    RefusalForm,
)
from okmo_portal.organisations.middleware import SESSION_KEY
from okmo_portal.organisations.models import Membership, Municipality, Organisation
from okmo_portal.organisations.services import memberships as services
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed

FOUND_LIMIT = 30


@login_required
@require_POST
def membership_switch(request):
    """Choose which of one's own valid memberships acts."""
    chosen = request.POST.get("membership", "")
    for membership in request.memberships:
        if str(membership.pk) == chosen:
            request.session[SESSION_KEY] = membership.pk
            break
    else:
        raise Http404
    return redirect(safe_next(request))


@login_required
def membership_mine(request):
    rows = Membership.objects.filter(user=request.user).with_organisation()
    return render(request, "organisations/membership_mine.html", {"rows": rows})


@login_required
def membership_search(request):
    """First step of a request: find the municipality or choose the region's council."""
    form = OrganisationSearchForm(request.GET or None)
    found, councils = [], []
    if request.GET and form.is_valid():
        region, words = form.cleaned_data["region"], form.cleaned_data["q"]
        found = Municipality.objects.current().filter(region=region).with_territory()
        if words:
            found = found.filter(Q(sort_key__contains=sort_key(words)) | Q(oktmo__startswith=words))
        found = found.order_by("sort_key", "pk")[: FOUND_LIMIT + 1]
        councils = Organisation.objects.filter(region=region, kind="council", is_active=True)
    context = {"form": form, "found": list(found), "councils": councils, "limit": FOUND_LIMIT}
    return render(request, "organisations/membership_search.html", context)


@login_required
def membership_request(request, kind, pk):
    """Second step: role, dates and the mandate document."""
    if kind == "council":
        target = get_object_or_404(Organisation, pk=pk, kind="council", is_active=True)
        organisation_kind = target.kind
    else:
        target = get_object_or_404(Municipality.objects.current(), pk=pk)
        organisation_kind = "municipality_body"
    form = MembershipRequestForm(
        request.POST or None, request.FILES or None, organisation_kind=organisation_kind
    )
    if request.method == "POST" and form.is_valid():
        organisation = target if kind == "council" else services.get_municipality_body(target)
        try:
            membership = services.request_membership(
                by=request.user, organisation=organisation, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("organisations:membership-requested", pk=membership.pk)
    return render(
        request, "organisations/membership_request.html", {"form": form, "target": target}
    )


@login_required
def membership_requested(request, pk):
    membership = get_object_or_404(
        Membership.objects.filter(user=request.user).with_organisation(), pk=pk
    )
    return render(request, "organisations/membership_requested.html", {"membership": membership})


@login_required
def membership_list(request):
    """Requests and memberships that the active role decides on."""
    rows = Membership.objects.confirmable_by(request.user)
    state = request.GET.get("state", MembershipState.REQUESTED)
    words = request.GET.get("q", "").strip()
    if state in MembershipState.values:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(
            Q(organisation__sort_key__contains=sort_key(words))
            | Q(user__last_name__icontains=words)
        )
    rows = rows.with_organisation().select_related("user").order_by("created_at", "pk")
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    context = {"page": page, "state": state, "q": words, "states": MembershipState.choices}
    return render(request, "organisations/membership_list.html", context)


@login_required
def membership_detail(request, pk):
    membership = get_object_or_404(
        Membership.objects.visible_to(request.user)
        .with_organisation()
        .select_related("user", "mandate"),
        pk=pk,
    )
    context = {
        "membership": membership,
        "can_decide": workflow.CONFIRM.is_open_to(request.user, membership),
        "can_end": workflow.END.is_open_to(request.user, membership),
        "can_leave": workflow.LEAVE.is_open_to(request.user, membership),
        "form": RefusalForm(),
        "events": StateChange.objects.of(membership),
    }
    return render(request, "organisations/membership_detail.html", context)


@login_required
@require_POST
def membership_decide(request, pk, action):
    """Confirm, refuse, end or leave; the service decides whether this person may."""
    membership = get_object_or_404(Membership.objects.visible_to(request.user), pk=pk)
    comment = request.POST.get("comment", "")
    try:
        _decide(action, membership, request.user, comment)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "По этому полномочию уже принято решение.")
    except PermissionDenied:
        raise Http404 from None
    else:
        messages.success(request, "Готово, человек получит уведомление.")
    mine = membership.user_id == request.user.pk
    return redirect("organisations:membership-mine" if mine else "organisations:membership-list")


def _decide(action, membership, user, comment):
    if action == "confirm":
        services.confirm_membership(membership=membership, by=user)
    elif action == "refuse":
        services.refuse_membership(membership=membership, by=user, comment=comment)
    else:
        services.end_membership(membership=membership, by=user, comment=comment)
