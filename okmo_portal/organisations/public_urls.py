from django.urls import path

from okmo_portal.organisations.views import territory

app_name = "territory"

urlpatterns = [
    path("", territory.region_list, name="region-list"),
    path("<str:code>/", territory.region_detail, name="region-detail"),
    path("<str:code>/municipalities.csv", territory.region_download, name="region-download"),
    path("municipality/<str:oktmo>/", territory.municipality_detail, name="municipality-detail"),
    path(
        "municipality/<str:oktmo>/<int:pk>/",
        territory.municipality_record,
        name="municipality-record",
    ),
]
