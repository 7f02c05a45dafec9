from datetime import timedelta

import pytest
from django.utils import timezone

from annual_report.services import report_build, reports, review, submissions
from okmo_portal.documents.models import Document
from okmo_portal.jobs import services
from okmo_portal.jobs.models import Job, JobState
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


def start(**fields):
    return services.start_job(
        title="Работа", task="audit.seal_events", arguments={}, by=people.UserFactory(), **fields
    )


def test_unfinished_job_with_the_same_key_is_returned():
    assert start(key="one") == start(key="one")


def test_second_delivery_of_a_live_job_is_ignored():
    job = start()
    assert services.begin(job.pk, total=2)
    assert not services.begin(job.pk, total=2)
    assert services.advance(job.pk).done == 1


def test_lost_job_is_sent_again_and_given_up_at_last(monkeypatch):
    sent = []
    monkeypatch.setattr(services, "send", sent.append)
    job = start()
    services.begin(job.pk, total=1)
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(beat_at=long_ago)
    assert services.resume_lost() == 1
    assert [item.pk for item in sent] == [job.pk]
    Job.objects.filter(pk=job.pk).update(state="running", beat_at=long_ago, attempts=3)
    assert services.resume_lost() == 0
    assert Job.objects.get(pk=job.pk).state == JobState.FAILED


def test_strangers_job_is_a_404(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    job = start()
    people.sign_in(client, people.UserFactory())
    assert client.get(f"/jobs/{job.pk}/").status_code == 404


@pytest.mark.worker
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_report_is_finished_after_its_worker_was_killed(
    celery_worker_process, migrated_data, wait_for, monkeypatch
):
    """kill -9 in the middle; beat's resume_lost sends the job again, and one PDF comes of it."""
    staff = people.congress_staff()
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(make_form())
    head = people.municipality_head(municipality)
    submission = campaign.submissions.get()
    fill(submission, head, C01=10, C02=5, C04=1)
    submissions.submit_submission(submission=submission, by=head, certified=True)
    review.approve_submission(
        submission=submission, by=people.council_director(municipality.region)
    )
    report = reports.prepare_report(campaign=campaign, by=staff)
    report.chapters.all().delete()
    for order in range(1, 9):
        block = {"kind": "table", "indicators": ["C01", "C07"], "by": "region", "title": "Т"}
        report.chapters.create(
            order=order, slug=f"c{order}", title=f"Глава {order}", text="Т.", blocks=[block] * 4
        )
    reports.take_snapshot(report=report, by=staff)
    job = report_build.start_build(report=report, by=staff)
    wait_for(lambda: Job.objects.get(pk=job.pk).done >= 2, seconds=60)
    celery_worker_process.kill()
    half = Job.objects.get(pk=job.pk)
    assert half.state == JobState.RUNNING
    monkeypatch.setattr(services, "LOST_AFTER", timedelta(0))
    celery_worker_process.start()
    assert services.resume_lost() == 1
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, seconds=90)
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.error, done.attempts) == (JobState.SUCCEEDED, "", 2)
    report.refresh_from_db()
    # A proof of the draft; only an agreed report moves on to "ready".
    assert report.state == "draft"
    assert report.pdf
    assert report.pages > 8
    assert Document.objects.filter(content_type="application/pdf").count() == 1
