from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from okmo_portal.notifications.models import Notification


def unread(request):
    """The count beside the bell; lazy, so pages that do not show it do not ask."""
    if not request.user.is_authenticated:
        return {"unread_count": 0, "notifications_url": None}
    return {
        "unread_count": SimpleLazyObject(
            lambda: Notification.objects.filter(user=request.user, read_at__isnull=True).count()
        ),
        "notifications_url": reverse("notifications:notification-list"),
    }
