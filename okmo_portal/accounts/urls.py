from django.urls import path

from okmo_portal.accounts import views

app_name = "profile"

urlpatterns = [
    path("", views.profile_detail, name="detail"),
    path("consent/", views.consent, name="consent"),
    path("consent/withdraw/", views.consent_withdraw, name="consent-withdraw"),
    path("data/", views.data_export, name="data-export"),
    path("data/readers/", views.data_readers, name="data-readers"),
    path("data/erase/", views.data_erase, name="data-erase"),
]
