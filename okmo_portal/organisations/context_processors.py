from django.urls import reverse


def memberships(request):
    """The role switch of the header."""
    return {
        "memberships": getattr(request, "memberships", []),
        "active_membership": getattr(request.user, "active_membership", None),
        "membership_switch_url": reverse("organisations:membership-switch"),
    }
