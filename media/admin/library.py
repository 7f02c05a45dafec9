"""Pictures, authors, rubrics, issues, acts and old addresses."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from media.images import HINT
from media.models import Author, Contribution, Image, JournalIssue, LegalAct, OldAddress, Rubric
from media.services.images import add_image, move_focus
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin

IMAGE_TEXTS = ["alt", "caption", "rights", "focal_x", "focal_y"]


class ImageAddForm(forms.ModelForm):
    """Takes the file; a refused one is told at its field."""

    file = forms.FileField(label="Файл", help_text=HINT)

    class Meta:
        model = Image
        fields = IMAGE_TEXTS

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            texts = {name: cleaned[name] for name in IMAGE_TEXTS}
            try:
                self.instance = add_image(content=cleaned["file"].read(), by=None, **texts)
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned

    def _post_clean(self):
        """The service has stored it."""


@admin.register(Image)
class ImageAdmin(KeptAdmin):
    list_display = ["preview", "alt", "rights", "width", "height", "is_public", "created_at"]
    list_display_links = ["preview", "alt"]
    list_filter = ["is_public", "created_at"]
    search_fields = ["alt", "caption", "rights"]
    readonly_fields = ["width", "height", "is_public", "address"]

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(request, obj, **kwargs, **({} if obj else {"form": ImageAddForm}))

    def get_fields(self, request, obj=None):
        return [*IMAGE_TEXTS, *self.readonly_fields] if obj else ["file", *IMAGE_TEXTS]

    @admin.display(description="вид")
    def preview(self, image):
        return format_html('<img src="{}" alt="" width="96" height="60">', image.url_of("card"))

    @admin.display(description="адрес для вставки в текст")
    def address(self, image):
        return image.url if image.renditions else "появится после сохранения"

    def save_model(self, request, obj, form, change):
        if not change:
            Image.objects.filter(pk=obj.pk).update(uploaded_by=request.user)
        elif {"focal_x", "focal_y"} & set(form.changed_data):
            move_focus(image=obj, focal_x=obj.focal_x, focal_y=obj.focal_y)
        else:
            super().save_model(request, obj, form, change)


@admin.register(Rubric)
class RubricAdmin(KeptAdmin):
    list_display = ["title", "title_en", "region", "order", "is_active"]
    list_editable = ["order", "is_active"]
    list_filter = ["is_active", ("region", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["title"]
    prepopulated_fields = {"slug": ["title_en"]}
    autocomplete_fields = ["region"]
    list_select_related = ["region"]


@admin.register(Author)
class AuthorAdmin(KeptAdmin):
    list_display = ["full_name", "position", "municipality"]
    search_fields = ["last_name", "first_name", "position"]
    autocomplete_fields = ["municipality", "photo", "user"]
    prepopulated_fields = {"slug": ["name_en"]}
    list_select_related = ["municipality"]


@admin.register(JournalIssue)
class JournalIssueAdmin(KeptAdmin):
    """An issue comes out on its page in the cabinet, which checks its articles."""

    list_display = ["name", "through_number", "title", "state", "due_on", "published_at"]
    list_filter = ["state", "year"]
    search_fields = ["title", "=year", "=number"]
    autocomplete_fields = ["cover", "editorial_by"]
    readonly_fields = ["state", "published_at"]


@admin.register(LegalAct)
class LegalActAdmin(KeptAdmin):
    list_display = ["title", "subject", "adopted_on"]
    search_fields = ["title", "subject"]


@admin.register(OldAddress)
class OldAddressAdmin(admin.ModelAdmin):
    list_display = ["path", "article", "issue"]
    search_fields = ["path"]
    autocomplete_fields = ["article", "issue"]
    list_select_related = ["article", "issue"]
    show_full_result_count = False


@admin.register(Contribution)
class ContributionAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "name", "region", "state", "at"]
    list_filter = ["state", "kind"]
    search_fields = ["title", "name", "email"]
    list_select_related = ["region"]
