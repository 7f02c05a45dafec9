"""Filters for Russian text and numbers, and the address with changed parameters."""

from django import template
from django.utils import timezone

from okmo_portal.core import text
from okmo_portal.core.workdays import working_days_between

register = template.Library()

register.filter("nbsp", text.nbsp)
register.filter("date_ru", text.format_date)
register.filter("datetime_ru", text.format_datetime)
register.filter("filesize_ru", text.format_size)
register.filter("plural", text.plural)
register.filter("counted", text.counted)


@register.filter
def number(value, decimals=None):
    return text.format_number(value, None if decimals is None else int(decimals))


@register.filter
def percent(share, decimals=1):
    return text.format_percent(share, int(decimals))


@register.filter
def days_left(due):
    return text.days_left(due, timezone.localdate())


@register.filter
def workdays_left(due):
    """«10 рабочих дней» until and including ``due``; an empty string when it is past or today."""
    number = working_days_between(timezone.localdate(), due)
    return text.counted(number, "рабочий день,рабочих дня,рабочих дней") if number > 0 else ""


@register.filter
def is_past(due):
    return due is not None and due < timezone.localdate()


@register.filter
def labelled(cells, headers):
    """Pairs of a column's header and the cell, for tables that become cards on a phone."""
    return list(zip(headers, cells, strict=False))


@register.filter
def get(mapping, key):
    """``mapping[key]`` or None."""
    return mapping.get(key)


@register.filter
def bound(form, name):
    """A form's field by its name."""
    return form[name]


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """The page's own query string with some parameters set; None removes one."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value is not None:
            params[key] = value
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag
def page_numbers(page):
    """Numbers around the current page and at both ends, with ellipses between."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
