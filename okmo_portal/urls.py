"""All addresses: public pages in both languages, everything else in Russian only."""

from allauth.account.decorators import secure_admin_login
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path
from django.views.generic import TemplateView

from annual_report.api import api as report_api
from okmo_portal.search.sitemaps import SITEMAPS
from okmo_portal.views import cabinet, guides, public

admin.autodiscover()
# One door: allauth's rate limits and second factor hold for the admin too.
admin.site.login = secure_admin_login(admin.site.login)

handler400 = "okmo_portal.core.views.errors.bad_request"
handler403 = "okmo_portal.core.views.errors.permission_denied"
handler404 = "okmo_portal.core.views.errors.not_found"

urlpatterns = [
    path("health/", public.health, name="health"),
    # Browsers ask for it on pages that name no icon, such as the admin's and a PDF's.
    path("favicon.ico", public.favicon, name="favicon"),
    path("robots.txt", public.robots, name="robots"),
    path(
        "sitemap.xml",
        sitemaps.index,
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap"},
        name="sitemap-index",
    ),
    path("sitemap-<str:section>.xml", sitemaps.sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("profile/", include("okmo_portal.accounts.urls")),
    path("help/", guides.help_list, name="help-list"),
    path("help/<slug:slug>/", guides.help_detail, name="help-detail"),
    path("cabinet/", cabinet.cabinet, name="cabinet"),
    path("cabinet/", include("annual_report.urls")),
    path("cabinet/journal/", include("media.urls")),
    path("organisations/", include("okmo_portal.organisations.urls")),
    path("files/", include("okmo_portal.documents.urls")),
    path("notifications/", include("okmo_portal.notifications.urls")),
    path("api/v1/", report_api.urls),
    path("jobs/", include("okmo_portal.jobs.urls")),
    path("components/", include("okmo_portal.core.urls")),
    *i18n_patterns(
        path("", public.home, name="home"),
        path("about/", TemplateView.as_view(template_name="pages/about.html"), name="about"),
        path(
            "accessibility/",
            TemplateView.as_view(template_name="pages/accessibility.html"),
            name="accessibility",
        ),
        path("privacy/", TemplateView.as_view(template_name="pages/privacy.html"), name="privacy"),
        path(
            "contacts/", TemplateView.as_view(template_name="pages/contacts.html"), name="contacts"
        ),
        path("search/", include("okmo_portal.search.urls")),
        path("territory/", include("okmo_portal.organisations.public_urls")),
        path("report/", include("annual_report.public_urls")),
        path("journal/", include("media.public_urls")),
        prefix_default_language=False,
    ),
]
