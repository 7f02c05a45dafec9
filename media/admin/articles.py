"""Articles: their card, order and signatures; the text itself is edited in the cabinet."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from media.models import Article, ArticleAuthor, Correction
from media.services.articles import refresh_byline
from okmo_portal.core.admin import KeptAdmin


class SignatureInline(admin.TabularInline):
    model = ArticleAuthor
    extra = 1
    autocomplete_fields = ["author"]


class CorrectionInline(admin.TabularInline):
    model = Correction
    extra = 0


@admin.register(Article)
class ArticleAdmin(KeptAdmin):
    list_display = ["title", "rubric", "issue", "position", "state", "byline", "published_at"]
    list_editable = ["position"]
    list_filter = [
        "state",
        ("rubric", admin.RelatedOnlyFieldListFilter),
        ("issue", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["title", "byline", "slug"]
    autocomplete_fields = ["rubric", "issue", "cover"]
    list_select_related = ["rubric", "issue"]
    readonly_fields = ["slug", "state", "desk", "published_at", "publish_at", "version"]
    fields = [
        "desk", "title", "title_en", "slug", "rubric", "issue", "position", "audience", "cover",
        "lead", "lead_en", "state", "publish_at", "published_at", "version",
    ]  # fmt: skip
    inlines = [SignatureInline, CorrectionInline]

    def has_add_permission(self, request):
        """An article begins in the cabinet, with its first version."""
        return False

    @admin.display(description="текст")
    def desk(self, article):
        url = reverse("journal_desk:article-detail", args=[article.pk])
        return format_html('<a href="{}">Открыть в кабинете редакции</a>', url)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        refresh_byline(form.instance)
