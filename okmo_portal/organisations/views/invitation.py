"""Inviting people into one's organisation, and taking an invitation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from okmo_portal.organisations.forms import InvitationForm
from okmo_portal.organisations.middleware import SESSION_KEY
from okmo_portal.organisations.models import Invitation, Membership, Organisation
from okmo_portal.organisations.permissions import invites_into
from okmo_portal.organisations.services import invitations as services


@login_required
def invitation_list(request, pk=None):
    """The organisation's people and open invitations, and the form for a new one."""
    active = request.user.active_membership
    if active is None:
        raise Http404
    organisation = get_object_or_404(Organisation, pk=pk) if pk else active.organisation
    roles = [role for role, _ in InvitationForm(organisation=organisation).fields["role"].choices]
    if not any(invites_into.test(request.user, organisation, role) for role in roles):
        raise Http404
    form = InvitationForm(request.POST or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        services.invite_person(organisation=organisation, by=request.user, **form.cleaned_data)
        messages.success(request, "Приглашение отправлено. Оно действует 14 дней.")
        return redirect(request.path)
    context = {
        "organisation": organisation,
        "form": form,
        "people": Membership.objects.valid()
        .filter(organisation=organisation)
        .select_related("user"),
        "invitations": Invitation.objects.visible_to(request.user)
        .open()
        .filter(organisation=organisation),
    }
    return render(request, "organisations/invitation_list.html", context)


@login_required
@require_POST
def invitation_revoke(request, pk):
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)
    services.revoke_invitation(invitation=invitation, by=request.user)
    messages.success(request, "Приглашение отозвано.")
    return redirect("organisations:invitation-list", pk=invitation.organisation_id)


@login_required
def invitation_accept(request, token):
    """What is offered, and the button that takes it; signing in or up comes first."""
    invitation = services.find_invitation(token)
    if invitation is None:
        return render(request, "organisations/invitation_gone.html", status=410)
    if request.method == "POST":
        try:
            membership = services.accept_invitation(invitation=invitation, by=request.user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            request.session[SESSION_KEY] = membership.pk
            messages.success(request, "Полномочие принято.")
            return redirect("cabinet")
    return render(request, "organisations/invitation_accept.html", {"invitation": invitation})
