from django.urls import path

from okmo_portal.search import views

app_name = "search"

urlpatterns = [
    path("", views.results, name="results"),
    path("completions/", views.completions, name="completions"),
]
