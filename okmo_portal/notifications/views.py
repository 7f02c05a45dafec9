from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from okmo_portal.notifications.forms import PreferencesForm
from okmo_portal.notifications.models import Notification
from okmo_portal.notifications.services import mark_read


@login_required
def notification_list(request):
    rows = Notification.objects.filter(user=request.user)
    unread_only = request.GET.get("show") == "unread"
    if unread_only:
        rows = rows.filter(read_at__isnull=True)
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    return render(
        request,
        "notifications/notification_list.html",
        {"page": page, "unread_only": unread_only},
    )


@login_required
@require_POST
def notification_open(request, pk):
    """Mark as read and go to what it is about."""
    row = get_object_or_404(Notification, user=request.user, pk=pk)
    mark_read(user=request.user, pk=row.pk)
    return redirect(row.url or "notifications:notification-list")


@login_required
@require_POST
def notification_read_all(request):
    mark_read(user=request.user)
    return redirect("notifications:notification-list")


@login_required
def preference_edit(request):
    form = PreferencesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Настройки сохранены.")
        return redirect("notifications:preference-edit")
    return render(request, "notifications/preference_edit.html", {"form": form})
