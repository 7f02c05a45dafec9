"""Consent, profile, and the person's own data."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from okmo_portal.accounts import services
from okmo_portal.accounts.forms import ConsentForm, ProfileForm
from okmo_portal.audit.models import AuditEvent


def safe_next(request, default="cabinet"):
    """Where to go on: a path of this portal, never a word that could be taken for a page's name."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if target.startswith("/") and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, request.is_secure()
    ):
        return target
    return default


@login_required
def consent(request):
    text = services.current_consent_text()
    if text is None or services.has_consented(request.user):
        return redirect(safe_next(request))
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.give_consent(by=request.user, text=text, address=request.META["REMOTE_ADDR"])
        return redirect(safe_next(request))
    body = text.body.replace("{organisation}", settings.ORGANISATION_NAME)
    return render(
        request,
        "accounts/consent.html",
        {"form": form, "text": text, "body": body, "next": request.GET.get("next", "")},
    )


@login_required
def profile_detail(request):
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Профиль сохранён.")
        return redirect("profile:detail")
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "consents": request.user.consents.select_related("text")},
    )


@login_required
def data_export(request):
    response = JsonResponse(
        services.export_personal_data(request.user),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@login_required
def data_readers(request):
    """Who of the staff looked at my card."""
    events = AuditEvent.objects.filter(
        action="accounts.viewed", subject_id=str(request.user.pk)
    ).select_related("actor")[:100]
    return render(request, "accounts/readers.html", {"events": events})


@login_required
@require_POST
def consent_withdraw(request):
    services.withdraw_consent(by=request.user)
    logout(request)
    messages.success(request, "Согласие отозвано, вход закрыт.")
    return redirect("home")


@login_required
def data_erase(request):
    """A page that says what happens, and the button."""
    if request.method == "POST":
        if request.memberships:
            messages.error(request, "Сначала сложите полномочия: они ещё действуют.")
            return redirect("profile:data-erase")
        services.erase_person(user=request.user, by=request.user)
        logout(request)
        messages.success(request, "Ваши данные удалены.")
        return redirect("home")
    return render(request, "accounts/erase.html")
