"""The cabinet: what is expected of the signed-in person, until when."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.shortcuts import render

from okmo_portal.core.registry import registry


@login_required
def cabinet(request):
    tasks = [task for _, collect in registry.cabinet_tasks for task in collect(request)]
    tasks.sort(key=lambda task: task.due or date.max)
    sections = [
        section for _, build in registry.cabinet_sections if (section := build(request)) is not None
    ]
    return render(request, "cabinet/home.html", {"tasks": tasks, "sections": sections})
