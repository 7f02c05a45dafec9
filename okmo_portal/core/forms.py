"""How forms are drawn."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Django's form templates replaced by ours under ``templates/django/forms``."""
