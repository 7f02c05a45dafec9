from django.urls import path

from okmo_portal.jobs import views

app_name = "jobs"

urlpatterns = [
    path("", views.job_list, name="job-list"),
    path("<uuid:pk>/", views.job_detail, name="job-detail"),
    path("<uuid:pk>/progress/", views.job_progress, name="job-progress"),
    path("<uuid:pk>/retry/", views.job_retry, name="job-retry"),
]
