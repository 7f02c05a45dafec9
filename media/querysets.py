"""Chainable questions about the journal's objects."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from media.enums import ArticleState, IssueState
from media.permissions import desk_region_id, is_chief_editor
from okmo_portal.organisations.permissions import is_auditor


class RubricQuerySet(models.QuerySet):
    def open_to(self, user):
        """Rubrics into which the person may write."""
        rows = self.filter(is_active=True)
        if is_chief_editor(user):
            return rows
        region = desk_region_id(user)
        return rows.filter(region=region) if region is not None else rows.none()


class IssueQuerySet(models.QuerySet):
    def published(self):
        return self.filter(state=IssueState.PUBLISHED)

    def visible_to(self, user):
        return self if is_chief_editor(user) or is_auditor(user) else self.published()


class ArticleQuerySet(models.QuerySet):
    def published(self):
        return self.filter(state=ArticleState.PUBLISHED)

    def at_desk_of(self, user):
        """What the person sees in the cabinet: all for the central desk, else the own rubrics."""
        if is_chief_editor(user) or is_auditor(user):
            return self
        region = desk_region_id(user)
        return self.filter(rubric__region=region) if region is not None else self.none()

    def visible_to(self, user):
        if is_chief_editor(user) or is_auditor(user):
            return self
        region = desk_region_id(user)
        own = Q(rubric__region=region) if region is not None else Q(pk__in=[])
        return self.filter(Q(state=ArticleState.PUBLISHED) | own)

    def listed(self):
        """For lists: without the texts."""
        return self.select_related("rubric", "issue").defer(
            "body", "references", "todo_steps", "issue__editorial"
        )

    def in_archive_order(self):
        """The newest first; ``after`` walks on from any row at the same cost."""
        return self.order_by("-published_at", "-pk")

    def after(self, moment: datetime, pk: int):
        return self.filter(
            Q(published_at__lt=moment) | Q(published_at=moment, pk__lt=pk), published_at__lte=moment
        )

    def in_issue_order(self):
        return self.order_by("position", "pk")

    def due(self):
        """Scheduled ones whose time has come."""
        return self.filter(state=ArticleState.SCHEDULED, publish_at__lte=timezone.now())


class ContributionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The central desk and the auditor see all, a council those of its region."""
        if is_chief_editor(user) or is_auditor(user):
            return self
        region = desk_region_id(user)
        return self.filter(region=region) if region is not None else self.none()
