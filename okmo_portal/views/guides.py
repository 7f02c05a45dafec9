"""The guides of ``docs/guide`` as help pages, so that those who need them need not look elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import markdown
from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

GUIDES = settings.BASE_DIR / "docs" / "guide"
#: In the order of the contents page; the operator's guide is for those who have the files.
SLUGS = ("newcomer", "municipality", "council", "congress", "auditor")


@dataclass(frozen=True)
class Guide:
    slug: str
    title: str
    body: SafeString


@cache
def get_guide(slug: str) -> Guide:
    """One guide, rendered once per process; the files are the portal's own and trusted."""
    heading, _, text = (GUIDES / f"{slug}.md").read_text("utf-8").partition("\n")
    html = markdown.markdown(text, extensions=["tables", "sane_lists"], output_format="html")
    html = re.sub(r'src="\.\./images/([\w-]+\.png)"', _picture, html)
    html = re.sub(r'href="([\w-]+)\.md"', _link, html)
    return Guide(slug, heading.removeprefix("# ").strip(), mark_safe(html))  # noqa: S308


def _picture(match: re.Match) -> str:
    return f'src="{static("guide/" + match.group(1))}" loading="lazy"'


def _link(match: re.Match) -> str:
    return f'href="{reverse("help-detail", args=[match.group(1)])}"'


def help_list(request):
    return render(request, "pages/help_list.html", {"guides": [get_guide(slug) for slug in SLUGS]})


def help_detail(request, slug):
    if slug not in SLUGS:
        raise Http404
    context = {"guide": get_guide(slug), "guides": [get_guide(item) for item in SLUGS]}
    return render(request, "pages/help_detail.html", context)
