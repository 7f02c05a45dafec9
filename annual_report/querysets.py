"""Chainable questions about the report's objects."""

from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from annual_report.enums import (
    COUNTED_STATES,
    DONE_STATES,
    FILED_STATES,
    CampaignState,
    ReportState,
    SubmissionState,
)
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff


class IndicatorQuerySet(models.QuerySet):
    def in_force(self, day=None):
        day = day or timezone.localdate()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
            is_retired=False,
        )

    def matching(self, words: str):
        """By code, title or definition, in either language."""
        return self.filter(
            Q(title__icontains=words)
            | Q(title_en__icontains=words)
            | Q(definition__icontains=words)
            | Q(definition_en__icontains=words)
            | Q(code__iexact=words)
        )

    def of_kind(self, kind: str):
        return self.filter(Q(applicable_kinds=[]) | Q(applicable_kinds__contains=[kind]))

    def in_year(self, year: int, kind: str = ""):
        """What may be asked for the reporting ``year``; see ``Indicator.applies_to``.

        Valid on 31 December and, where legal bases exist, one of them in force (for ``kind``).
        """
        day = date(year, 12, 31)
        bases = self.model._meta.get_field("legal_bases").related_model.objects.filter(
            indicator=OuterRef("pk")
        )
        covering = bases.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
        )
        if kind:
            covering = covering.filter(Q(kinds=[]) | Q(kinds__contains=[kind]))
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
            ~Exists(bases) | Exists(covering),
        )


class CampaignQuerySet(models.QuerySet):
    def open(self):
        """Taking answers now; the main one first."""
        return self.filter(state=CampaignState.OPEN)

    def main(self):
        return self.filter(is_main=True)

    def visible_to(self, user):
        """Staff see all; everybody else those that have been opened."""
        if not user.is_authenticated:
            return self.none()
        if is_congress_staff(user) or is_auditor(user):
            return self
        return self.exclude(state=CampaignState.DRAFT)


class SubmissionQuerySet(models.QuerySet):
    def untold(self):
        """Sent forms of which the council has not been told since they were sent last."""
        told = models.Q(council_told_at__gte=models.F("submitted_at"))
        return self.filter(state=SubmissionState.SUBMITTED).exclude(told)

    def visible_to(self, user):
        """The municipality's own forms, the council's region, or all for the Congress."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if is_congress_staff(user) or is_auditor(user):
            return self
        if active.is_council:
            return self.filter(region_id=active.organisation.region_id)
        if active.organisation.municipality_id:
            return self.kept_by(active.organisation.municipality_id)
        return self.none()

    def kept_by(self, municipality_id):
        """A municipality's own forms, and those of abolished ones that it answers for."""
        return self.filter(Q(municipality_id=municipality_id) | Q(custodian_id=municipality_id))

    def with_territory(self):
        """With names for pages, and the council's extended deadline for ``Submission.due``."""
        extension = self.model._meta.apps.get_model("annual_report", "Extension")
        return self.select_related(
            "campaign__form", "municipality__parent", "region", "custodian"
        ).annotate(
            council_extended_to=extension.objects.of_council(
                OuterRef("campaign"), OuterRef("region")
            )
        )

    def for_cells(self):
        """With what reading a form's cells would else ask of the database on its own."""
        models_of = self.model._meta.apps.get_model
        origins = models_of("annual_report", "FormOrigin").objects.filter(submission=OuterRef("pk"))
        stamp = models_of("annual_report", "CatalogueStamp").objects.values("value")[:1]
        return self.annotate(has_origins=Exists(origins), catalogue_stamp=Subquery(stamp))

    def awaiting_review(self):
        return self.filter(state=SubmissionState.SUBMITTED)

    def filed(self):
        return self.filter(state__in=FILED_STATES)

    def counted(self):
        """Approved by the council, accepted by the Congress or not yet."""
        return self.filter(state__in=COUNTED_STATES)

    def not_filed(self):
        return self.exclude(state__in=DONE_STATES)


class ExtensionQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(removed_at__isnull=True)

    def of_council(self, campaign, region):
        """The newest end date of a region's council, as a subquery."""
        rows = self.in_force().filter(campaign=campaign, region=region).order_by("-at", "-pk")
        return Subquery(rows.values("until")[:1])


class CorrectionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """As the forms they correct."""
        submissions = self.model._meta.get_field("submission").related_model.objects
        return self.filter(submission__in=submissions.visible_to(user).values("pk"))


class BulkRunQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own runs; the Congress's staff and auditor see all."""
        if not user.is_authenticated:
            return self.none()
        if is_congress_staff(user) or is_auditor(user):
            return self
        return self.filter(by=user)


class RuleFindingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """All for the Congress, its region's for a council; municipalities read their own forms."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if is_congress_staff(user) or is_auditor(user):
            return self
        if active.is_council:
            return self.filter(region_id=active.organisation.region_id)
        return self.none()


class ProposalQuerySet(models.QuerySet):
    def public(self):
        """Those in a report that everybody may read."""
        reports = self.model._meta.get_field("report").related_model.objects
        return self.filter(report__in=reports.published().values("pk"))

    def visible_to(self, user):
        """The municipality's own, the council's region's, or all for the Congress."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if is_congress_staff(user) or is_auditor(user):
            return self
        if active.is_council:
            return self.filter(region_id=active.organisation.region_id)
        if active.organisation.municipality_id:
            return self.filter(municipality_id=active.organisation.municipality_id)
        return self.none()


class ReportQuerySet(models.QuerySet):
    def published(self):
        """Open to everybody: published, and the day from which it is public has come."""
        return self.filter(
            Q(public_from__isnull=True) | Q(public_from__lte=timezone.localdate()),
            state=ReportState.PUBLISHED,
        )

    def visible_to(self, user):
        """Public ones for everybody, embargoed ones for those with a role, drafts for the Congress."""
        if not user.is_authenticated:
            return self.published()
        if is_congress_staff(user) or is_auditor(user):
            return self
        if user.active_membership is not None:
            return self.filter(state=ReportState.PUBLISHED)
        return self.published()


class DatasetQuerySet(models.QuerySet):
    def federal(self):
        return self.filter(is_federal=True)


class ObservationImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The Congress's staff and its auditor."""
        if user.is_authenticated and (is_congress_staff(user) or is_auditor(user)):
            return self
        return self.none()


class ObservationQuerySet(models.QuerySet):
    def federal(self):
        return self.filter(dataset__is_federal=True)

    def preferred(self):
        """One row per municipality, indicator and year: of the data set with the lowest priority."""
        return self.order_by(
            "municipality_id", "indicator_id", "year", "dataset__priority", "dataset_id"
        ).distinct("municipality_id", "indicator_id", "year")


class WorkbookUploadQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The municipality's own people, and whoever uploaded it; a draft is nobody else's."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        own = Q(by=user)
        if active.edits_municipality:
            own |= Q(submission__municipality_id=active.organisation.municipality_id)
        submissions = self.model._meta.get_field("submission").related_model.objects
        return self.filter(own, submission__in=submissions.visible_to(user).values("pk"))


class WorkbookBatchQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Batches with an archive of the council's region; all for the Congress's staff."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if is_congress_staff(user):
            return self
        if active.is_council:
            return self.filter(bundles__region=active.organisation.region_id).distinct()
        return self.none()


class WorkbookBundleQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The archives of the council's region; all for the Congress's staff."""
        active = user.active_membership if user.is_authenticated else None
        if active is None:
            return self.none()
        if is_congress_staff(user):
            return self
        return (
            self.filter(region=active.organisation.region_id) if active.is_council else self.none()
        )


class WorkbookIntakeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The council that sent it."""
        active = user.active_membership if user.is_authenticated else None
        if active is None or not active.is_council:
            return self.none()
        return self.filter(region_id=active.organisation.region_id)
