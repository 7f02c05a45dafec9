from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from okmo_portal.jobs.models import Job
from okmo_portal.jobs.services import retry_job

REFRESH_SECONDS = 3


@login_required
def job_list(request):
    page = Paginator(Job.objects.visible_to(request.user), 30).get_page(request.GET.get("page"))
    return render(request, "jobs/job_list.html", {"page": page})


@login_required
def job_detail(request, pk):
    """Progress of one job; with htmx a part of the page renews, without it the page itself."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    response = render(request, "jobs/job_detail.html", {"job": job})
    if not job.is_finished:
        # The script asks oftener; this is for browsers without it.
        response["Refresh"] = str(REFRESH_SECONDS * 5)
    return response


@login_required
def job_progress(request, pk):
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return render(request, "jobs/_progress.html", {"job": job})


@login_required
@require_POST
def job_retry(request, pk):
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    retry_job(job=job)
    return redirect(job)
