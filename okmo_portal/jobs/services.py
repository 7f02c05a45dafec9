"""Starting, counting and ending long jobs; a job whose worker died is sent again."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils import timezone

from okmo_portal.jobs.models import Job, JobState

logger = logging.getLogger(__name__)
#: A running job that has not shown a sign of life for so long has lost its worker.
LOST_AFTER = timedelta(seconds=60)
#: A queued job whose message was lost with the broker.
NEVER_STARTED_AFTER = timedelta(minutes=2)
MAX_ATTEMPTS = 3


class JobFailed(Exception):
    """Ends a job with a message in Russian that its owner reads."""


def start_job(
    *,
    title: str,
    task: str,
    arguments: dict[str, Any],
    by: Any,
    queue: str = "default",
    key: str = "",
    back_url: str = "",
) -> Job:
    """Queue a task after commit; an unfinished job with the same ``key`` is returned instead."""
    if key and (job := Job.objects.unfinished().filter(key=key).first()):
        return job
    try:
        with transaction.atomic():
            job = Job.objects.create(
                title=title,
                task=task,
                arguments=arguments,
                queue=queue,
                key=key,
                back_url=back_url,
                created_by=by,
            )
    except IntegrityError:
        return Job.objects.unfinished().get(key=key)
    transaction.on_commit(partial(send, job))
    return job


def send(job: Job) -> None:
    current_app.send_task(
        job.task, kwargs={"job_id": str(job.pk), **job.arguments}, queue=job.queue
    )


def begin(job_id: str | UUID, *, total: int) -> bool:
    """Mark as running; False when the job is finished or alive in another worker's hands."""
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None or job.is_finished or _is_alive(job):
            return False
        job.state, job.attempts = JobState.RUNNING, job.attempts + 1
        job.done, job.total = 0, total
        job.started_at = job.started_at or timezone.now()
        job.beat_at, job.error = timezone.now(), ""
        job.save()
    return True


def _is_alive(job: Job) -> bool:
    return (
        job.state == JobState.RUNNING
        and job.beat_at is not None
        and job.beat_at > timezone.now() - LOST_AFTER
    )


def advance(job_id: str | UUID, *, steps: int = 1, message: str = "") -> Job | None:
    """Count ``steps`` done, safely from several tasks at once; returns the job as it then is."""
    changes: dict[str, Any] = {
        "done": Least(F("done") + steps, F("total")),
        "beat_at": timezone.now(),
    }
    if message:
        changes["message"] = message[:300]
    with transaction.atomic():
        # The row stays locked until it is read, so each step sees its own count.
        Job.objects.filter(pk=job_id, state=JobState.RUNNING).update(**changes)
        return Job.objects.filter(pk=job_id).first()


def beat(job_id: str | UUID, message: str = "") -> Job | None:
    return advance(job_id, steps=0, message=message)


def finish_job(job_id: str | UUID, *, result_url: str = "") -> None:
    Job.objects.filter(pk=job_id).exclude(state=JobState.FAILED).update(
        state=JobState.SUCCEEDED,
        result_url=result_url,
        done=F("total"),
        message="",
        finished_at=timezone.now(),
    )


def fail_job(job_id: str | UUID, *, error: str) -> None:
    Job.objects.filter(pk=job_id).exclude(state=JobState.SUCCEEDED).update(
        state=JobState.FAILED, error=error, finished_at=timezone.now()
    )


@contextmanager
def guarded(job_id: str | UUID) -> Iterator[None]:
    """Body of a task: an exception ends the job with a message, the traceback goes to the log."""
    try:
        yield
    except JobFailed as error:
        fail_job(job_id, error=str(error))
    except Exception:
        logger.exception("Job %s failed", job_id)
        fail_job(
            job_id,
            error="Задание остановилось из-за ошибки на портале. Повторите его; "
            "если ошибка вернётся, напишите нам и назовите время.",
        )


class Teller:
    """Tells a job's progress from inside a transaction, through a connection of its own.

    Each call counts the step before as done. Between the calls the job is kept alive, so that one
    long statement is not taken for a lost worker.
    """

    def __init__(self, job_id: str | UUID, *, every: float = 15.0):
        self._job_id, self._every = job_id, every
        self._told: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __call__(self, step: str) -> None:
        self._told.put(step)

    def __enter__(self) -> Teller:
        self._thread.start()
        return self

    def __exit__(self, *details: Any) -> None:
        self._told.put(None)
        self._thread.join()

    def _write(self) -> None:
        done = 0
        try:
            while True:
                try:
                    step = self._told.get(timeout=self._every)
                except queue.Empty:
                    beat(self._job_id)
                    continue
                if step is None:
                    return
                advance(self._job_id, steps=done, message=step)
                done = 1
        except DatabaseError:
            logger.exception("Progress of job %s is not told", self._job_id)
        finally:
            connection.close()


@transaction.atomic
def retry_job(*, job: Job) -> Job:
    """Queue a failed job again; what its task has already made is kept by the task."""
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if locked.state == JobState.FAILED:
        locked.state, locked.error, locked.attempts = JobState.QUEUED, "", 0
        locked.done, locked.message = 0, ""
        locked.finished_at = locked.beat_at = None
        locked.created_at = timezone.now()
        locked.save()
        transaction.on_commit(partial(send, locked))
    return locked


def resume_lost() -> int:
    """Send again what lost its worker or its message; give up after MAX_ATTEMPTS."""
    now, resumed = timezone.now(), 0
    lost = Job.objects.filter(
        Q(state=JobState.RUNNING, beat_at__lt=now - LOST_AFTER)
        | Q(state=JobState.QUEUED, created_at__lt=now - NEVER_STARTED_AFTER)
    )
    for job in lost:
        if job.attempts >= MAX_ATTEMPTS:
            fail_job(job.pk, error="Задание прерывалось несколько раз. Повторите его позже.")
            continue
        Job.objects.filter(pk=job.pk).update(
            state=JobState.QUEUED, created_at=now, message="Задание продолжится"
        )
        send(job)
        resumed += 1
    return resumed
