from django.urls import path

from okmo_portal.documents import views

app_name = "documents"

urlpatterns = [path("<uuid:pk>/", views.document_download, name="document-download")]
