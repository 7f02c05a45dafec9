"""Puts the membership that the person chose in the header on ``request.user``."""

from okmo_portal.organisations.models import Membership

SESSION_KEY = "membership_id"


class ActiveMembershipMiddleware:
    """Reads valid memberships at each request, so a lost mandate gives nothing at once."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            activate_membership(request)
        else:
            request.memberships = []
        return self.get_response(request)


def activate_membership(request) -> None:
    """Set ``request.memberships`` and ``request.user.active_membership``."""
    request.memberships = list(
        Membership.objects.valid().filter(user=request.user).with_organisation().order_by("pk")
    )
    chosen = request.session.get(SESSION_KEY)
    active = next((item for item in request.memberships if item.pk == chosen), None)
    if active is None and request.memberships:
        active = request.memberships[0]
    request.user.active_membership = active
