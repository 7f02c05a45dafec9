from datetime import timedelta

import pytest
from django.utils import timezone

from okmo_portal.jobs import services
from okmo_portal.jobs.models import Job, JobState
from tests.factories import people

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
