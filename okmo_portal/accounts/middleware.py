"""What must be settled before a signed-in person goes on."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from okmo_portal.accounts.services import has_consented

#: Always open to a signed-in person: leaving, and settling what is asked for.
OPEN_NAMES = {
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "profile:consent",
    "home",
    "about",
    "accessibility",
    "privacy",
    "contacts",
    "health",
    "help-list",
    "help-detail",
}
SECOND_FACTOR_NAMES = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}
LAST_SEEN = "last_seen"
#: Seconds between two notes of a visit: each is a write of the session to the database.
NOTE_EVERY = 300


class AccountGateMiddleware:
    """Asks for consent, then for the second factor; ends sessions that lie idle."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated and is_idle(request):
            logout(request)
            messages.info(request, "Вы долго ничего не делали, поэтому вход закрыт. Войдите снова.")
            return redirect(f"{reverse('account_login')}?next={request.path}")
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name
        if name in OPEN_NAMES:
            return None
        if not has_consented(request.user):
            return redirect(f"{reverse('profile:consent')}?next={request.path}")
        if name in SECOND_FACTOR_NAMES:
            return None
        if second_factor_missing(request):
            messages.warning(
                request, "Ваша роль требует второго фактора. Подключите приложение или ключ входа."
            )
            return redirect("mfa_index")
        return None


def second_factor_missing(request) -> bool:
    """Whether any valid role asks for a second factor that the person has not set up."""
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    user = request.user
    needed = (
        user.is_staff
        or user.is_superuser
        or any(membership.needs_second_factor for membership in request.memberships)
    )
    return needed and not is_mfa_enabled(user)


def is_idle(request) -> bool:
    """Note the visit now and then; True when the last one is too long ago."""
    now = int(timezone.now().timestamp())
    last = request.session.get(LAST_SEEN, now)
    limit = (
        settings.SESSION_IDLE_SECONDS_STAFF
        if request.user.is_staff
        else settings.SESSION_IDLE_SECONDS
    )
    if now - last > limit:
        return True
    if LAST_SEEN not in request.session or now - last > NOTE_EVERY:
        request.session[LAST_SEEN] = now
    return False
