from django import forms

from okmo_portal.documents.validators import HINT, check_file


class DocumentField(forms.FileField):
    """A file of an accepted kind; the content is checked with the form."""

    def __init__(self, **kwargs):
        kwargs.setdefault("help_text", HINT)
        super().__init__(**kwargs)

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        if file:
            check_file(file.read(), file.name)
            file.seek(0)
        return file
