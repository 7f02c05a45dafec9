"""Who of the Congress works in the admin, and with which permissions."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from okmo_portal.accounts.models import User
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership

GROUP = "Сотрудники Конгресса"
MANAGED_APPS = ("core", "organisations", "annual_report", "media", "documents", "jobs")
READ_APPS = ("accounts", "audit", "workflow", "notifications")
ADMIN_ROLES = (Role.CONGRESS_STAFF, Role.AUDITOR)


def staff_group() -> Group:
    """The group with its permissions brought up to date; apps may have come since."""
    group, _created = Group.objects.get_or_create(name=GROUP)
    permissions = Permission.objects.filter(content_type__app_label__in=MANAGED_APPS)
    reading = Permission.objects.filter(
        content_type__app_label__in=READ_APPS, codename__startswith="view_"
    )
    group.permissions.set(permissions | reading)
    return group


@transaction.atomic
def sync_staff_access(*, user: User) -> None:
    """Give or take the admin according to the person's valid memberships."""
    is_staff = Membership.objects.valid().filter(user=user, role=Role.CONGRESS_STAFF).exists()
    group = staff_group()
    if is_staff:
        user.groups.add(group)
    else:
        user.groups.remove(group)
    if user.is_staff != (is_staff or user.is_superuser):
        user.is_staff = is_staff or user.is_superuser
        user.save(update_fields=["is_staff"])
