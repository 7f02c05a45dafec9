"""How forms are drawn: label above, hint, errors tied to the input (Django ties both itself)."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Django's form templates replaced by the portal's components."""

    form_template_name = "_components/form.html"
    field_template_name = "_components/field.html"
