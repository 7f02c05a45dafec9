"""Saved texts of an article: side by side, and back again."""

import difflib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from media.models import VERSIONED, Article
from media.sanitise import plain_text
from media.services import articles as services
from media.services import locks
from media.views.desk import find_article

LABELS = {name: str(Article._meta.get_field(name).verbose_name).capitalize() for name in VERSIONED}


@login_required
def version_list(request, pk):
    """``?old=&new=`` compares two; the latest with the one before unless asked otherwise."""
    article = find_article(request, pk)
    versions = list(article.versions.select_related("by").defer("texts")[:200])
    known = {row.number for row in versions}
    new = chosen(request, "new", known, article.version)
    old = chosen(request, "old", known, max((n for n in known if n < new), default=new))
    texts = {row.number: row.texts for row in article.versions.filter(number__in=[old, new])}
    context = {
        "article": article,
        "versions": versions,
        "old": old,
        "new": new,
        "changes": compare(texts.get(old, {}), texts.get(new, {})),
    }
    return render(request, "media/desk/version_list.html", context)


def chosen(request, name, known, default):
    text = request.GET.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
    return number if number in known else default


def compare(old: dict, new: dict) -> list[tuple[str, list[tuple]]]:
    """By field the lines that differ, as (kind, old side, new side) with the words marked."""
    found = []
    for name in VERSIONED:
        before, after = (_lines(name, texts.get(name, "")) for texts in (old, new))
        if before != after:
            found.append((LABELS[name], _pairs(before, after)))
    return found


def _lines(name: str, text: str) -> list[str]:
    return (plain_text(text) if name == "body" else text).splitlines()


def _pairs(before: list[str], after: list[str]) -> list[tuple]:
    rows = []
    for tag, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        left, right = before[a:b], after[c:d]
        for number in range(max(len(left), len(right))):
            one = left[number] if number < len(left) else ""
            two = right[number] if number < len(right) else ""
            rows.append((tag, *_words(one, two)))
    return rows


def _words(one: str, two: str) -> tuple:
    """Both lines with what went as ``del`` and what came as ``ins``."""
    left, right = one.split(" "), two.split(" ")
    before, after = [], []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, come = escape(" ".join(left[a:b])), escape(" ".join(right[c:d]))
        if tag == "equal":
            before.append(gone)
            after.append(come)
            continue
        if gone:
            before.append(f"<del>{gone}</del>")
        if come:
            after.append(f"<ins>{come}</ins>")
    return mark_safe(" ".join(before)), mark_safe(" ".join(after))  # noqa: S308 - escaped above


@login_required
@require_POST
def version_restore(request, pk, number):
    article = find_article(request, pk, change=True)
    get_object_or_404(article.versions, number=number)
    try:
        services.restore_version(article=article, number=number, by=request.user)
        messages.success(request, f"Версия {number} восстановлена как новая; прежние остались.")
    except PermissionDenied:
        raise Http404 from None
    except locks.Locked as error:
        messages.error(request, str(error))
    return redirect("journal_desk:version-list", pk=pk)
