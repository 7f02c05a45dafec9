"""Chainable questions about territory and people."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from okmo_portal.organisations.enums import MembershipState, Role


class MunicipalityQuerySet(models.QuerySet):
    def on(self, date):
        """Municipalities that existed on ``date``: valid_from ≤ date < valid_to."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=date),
            Q(valid_to__isnull=True) | Q(valid_to__gt=date),
        )

    def current(self):
        return self.on(timezone.localdate())

    def with_territory(self):
        return self.select_related("region__federal_district", "parent")

    def first_level(self):
        return self.exclude(kind__in=["urban_settlement", "rural_settlement", "intracity_district"])

    def orphaned(self):
        """Settlements whose parent code is gone from the register."""
        return self.exclude(missing_parent_oktmo="")


class TerritoryCodeQuerySet(models.QuerySet):
    def in_year(self, year):
        """Codes that hold in ``year``: year_from ≤ year < year_to; open ends are None."""
        return self.filter(
            Q(year_from__isnull=True) | Q(year_from__lte=year),
            Q(year_to__isnull=True) | Q(year_to__gt=year),
        )

    def overlapping(self, year_from, year_to):
        """Codes that share a year with the period from ``year_from`` to, not including, ``year_to``."""
        rows = self
        if year_to is not None:
            rows = rows.filter(Q(year_from__isnull=True) | Q(year_from__lt=year_to))
        if year_from is not None:
            rows = rows.filter(Q(year_to__isnull=True) | Q(year_to__gt=year_from))
        return rows


class OrganisationQuerySet(models.QuerySet):
    def with_territory(self):
        return self.select_related("region", "municipality__region")


class MembershipQuerySet(models.QuerySet):
    def valid(self, date=None):
        """Confirmed and within their dates; an expired mandate gives nothing."""
        date = date or timezone.localdate()
        return self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=date),
            state=MembershipState.ACTIVE,
            valid_from__lte=date,
        )

    def with_organisation(self):
        return self.select_related("organisation__region", "organisation__municipality__region")

    def confirmable_by(self, user):
        """Requests that ``user`` decides: the council its municipalities', staff the councils'."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if active.role == Role.CONGRESS_STAFF:
            return self
        if active.is_council:
            return self.filter(
                organisation__kind__in=["municipality_body", "tos"],
                organisation__region_id=active.organisation.region_id,
            )
        if active.role == Role.HEAD:
            return self.filter(organisation_id=active.organisation_id).exclude(role=Role.HEAD)
        return self.none()

    def visible_to(self, user):
        """Own memberships and those one decides on."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            Q(user=user) | Q(pk__in=self.model.objects.confirmable_by(user).values("pk"))
        )


class InvitationQuerySet(models.QuerySet):
    def open(self):
        return self.filter(
            accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
        )

    def visible_to(self, user):
        """Invitations into the organisations that ``user`` may invite into."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if active.role == Role.CONGRESS_STAFF:
            return self
        if active.is_council:
            return self.filter(organisation__region_id=active.organisation.region_id)
        if active.role == Role.HEAD:
            return self.filter(organisation_id=active.organisation_id)
        return self.none()


class ReferenceImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The Congress's staff and its auditor."""
        active = user.active_membership if user.is_authenticated else None
        if active is not None and active.role in (Role.CONGRESS_STAFF, Role.AUDITOR):
            return self
        return self.none()
