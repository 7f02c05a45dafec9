"""One small world in which every address has an object, seen by every role."""

import io
import zipfile
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from annual_report.models import BulkItem, BulkRun, Correction, Extension
from annual_report.services import reports, workbook_intakes, workbook_sets, workbooks
from annual_report.services.submissions import submit_submission
from okmo_portal.documents.services import store_bytes
from okmo_portal.jobs.models import Job
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.enums import OrganisationKind, Role
from okmo_portal.organisations.models import (
    Invitation,
    MunicipalityChange,
    ReferenceImport,
    Region,
)
from okmo_portal.organisations.services import invitations, memberships
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people
from tests.factories.journal import make_journal_world
from tests.factories.observations import make_observations
from tests.factories.report import fill, make_campaign, make_form

#: Who asks. "stranger" and "foreign" hold the same roles elsewhere: what they must not see leaks
#: first.
ROLES = (
    "anonymous", "newcomer", "head", "specialist", "stranger", "director", "foreign", "expert",
    "staff", "auditor",
)  # fmt: skip


class World:
    """Names of objects in ``ids``; people by role in ``people``."""

    def __init__(self):
        here = people.MunicipalityFactory()
        there = people.MunicipalityFactory(region=Region.objects.get(code="77"))
        body = people.organisation(OrganisationKind.MUNICIPALITY_BODY, municipality=here)
        congress = people.organisation(OrganisationKind.CONGRESS)
        self.people = {
            "newcomer": people.UserFactory(),
            "head": people.municipality_head(here),
            "specialist": people.municipality_specialist(here),
            "stranger": people.municipality_head(there),
            "director": people.council_director(here.region),
            "foreign": people.council_director(there.region),
            "expert": people.user_with(Role.EXPERT, congress),
            "staff": people.congress_staff(),
            "auditor": people.user_with(Role.AUDITOR, congress),
        }
        sync_staff_access(user=self.people["staff"])
        campaign = make_campaign(make_form())
        submission = campaign.submissions.get(municipality=here)
        fill(submission, self.people["head"], C01=10, C02=5, C04=1)
        report = reports.prepare_report(campaign=campaign, by=self.people["staff"])
        report.chapters.all().delete()
        chapter = report.chapters.create(order=1, slug="one", title="Глава", text="Текст.")
        reports.take_snapshot(report=report, by=self.people["staff"])
        request = memberships.request_membership(
            by=self.people["newcomer"], organisation=body, role=Role.SPECIALIST,
            position_title="Специалист", valid_from=timezone.localdate(),
            mandate=SimpleUploadedFile("приказ.pdf", b"%PDF-1.4\n%test\n"),
        )  # fmt: skip
        self.token = "t" * 43
        invitation = Invitation.objects.create(
            email="invited@demo.example", organisation=body, role=Role.SPECIALIST,
            position_title="Специалист", invited_by=self.people["head"],
            token_hash=invitations.hash_token(self.token),
            expires_at=timezone.now() + timedelta(days=3),
        )  # fmt: skip
        job = Job.objects.create(title="Сборка", task="t", created_by=self.people["head"])
        notice = Notification.objects.create(
            user=self.people["head"], kind="annual_report.opened", key="k", title="Открыт сбор"
        )
        draft_pdf = store_bytes(
            content=b"%PDF-1.4", name="report.pdf", content_type="application/pdf",
            by=self.people["staff"], subject=report,
        )  # fmt: skip
        observations = make_observations(here, self.people["staff"])
        upload = workbooks.take_workbook(
            submission=submission, content=workbooks.make_workbook(submission), name="книга.xlsx",
            by=self.people["specialist"],
        )  # fmt: skip
        batch = workbook_sets.start_batch(
            campaign=campaign, region=here.region, only_missing=True, by=self.people["director"]
        )
        intake = make_intake(campaign, submission, self.people["director"])
        extension = Extension.objects.create(
            campaign=campaign, submission=submission, reason="Паводок", by=self.people["director"],
            until=campaign.municipality_deadline + timedelta(days=5),
        )  # fmt: skip
        correction = Correction.objects.create(
            submission=submission, number=1, reason="Опечатка", by=self.people["head"],
            state="refused", decided_by=self.people["director"], decided_at=timezone.now(),
        )  # fmt: skip
        bulk_run = BulkRun.objects.create(
            campaign=campaign, kind="remind", by=self.people["director"],
            membership=self.people["director"].active_membership, finished_at=timezone.now(),
        )  # fmt: skip
        BulkItem.objects.create(
            run=bulk_run, submission=submission, outcome="skipped", reason="Форма уже сдана."
        )
        gone = people.MunicipalityFactory(
            valid_to=timezone.localdate() - timedelta(days=9), status="abolished"
        )
        people.municipality_head(gone)
        change = MunicipalityChange.objects.create(
            kind="abolition", date=gone.valid_to, law="Закон № 1", effects={"ended": [gone.pk]}
        )
        change.predecessors.add(gone)
        document = store_bytes(
            content=b"PK", name="mo_ref.xlsx", content_type="application/octet-stream",
            by=self.people["staff"],
        )  # fmt: skip
        reference = ReferenceImport.objects.create(
            document=document, created_by=self.people["staff"],
            remarks=[["2", "29601000", "Район", "нет", "нет такого кода", "Исправьте код."]],
        )  # fmt: skip
        self.submission, self.year = submission, campaign.year
        proposal = report.proposals.create(
            municipality=here, region=here.region, year=2025,
            title="Предложение", act="Закон", wording="Текст.", reason="Причина.",
            state="included", by=self.people["head"],
        )  # fmt: skip
        self.ids = {
            "change": change.pk,
            "reference": reference.pk,
            "proposal": proposal.pk,
            "chapter": chapter.pk,
            "submission": submission.pk,
            "workbook": upload.pk,
            "batch": batch.pk,
            "intake": intake.pk,
            "extension": extension.pk,
            "correction": correction.pk,
            "bulk_run": bulk_run.pk,
            "reminder": campaign.reminders.first().pk,
            "year": campaign.year,
            "campaign": campaign.pk,
            "rule": campaign.form.control_rules.get(code="K1").pk,
            "membership": request.pk,
            "mandate": request.mandate_id,
            "draft_pdf": draft_pdf.pk,
            "observations": observations.pk,
            "invitation": invitation.pk,
            "organisation": body.pk,
            "token": self.token,
            "job": job.pk,
            "notice": notice.pk,
            "municipality": here.pk,
            "oktmo": here.oktmo,
            "region": here.region.code,
            **make_journal_world(self.people, here),
        }

    def submit(self):
        submit_submission(submission=self.submission, by=self.people["head"], certified=True)


def make_intake(campaign, submission, by):
    """An archive with one workbook that a council sent."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("книга.xlsx", workbooks.make_workbook(submission))
    file = SimpleUploadedFile("книги.zip", target.getvalue())
    return workbook_intakes.start_intake(campaign=campaign, file=file, by=by)
