from django.urls import path

from okmo_portal.core.views import gallery

app_name = "core"

urlpatterns = [path("", gallery.gallery, name="gallery")]
