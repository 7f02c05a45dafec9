"""The journal for everybody: archive, issues, articles, authors, rubrics, acts."""

from datetime import datetime

from django.db.models import Max, Min, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language

from annual_report.models import LegalBasis
from media import links
from media.enums import ArticleState, Audience, DownloadKind, IssueState
from media.keyset import take_slice
from media.metadata import absolute, as_script, describe_article, permanent
from media.models import Article, Author, JournalIssue, LegalAct, Rubric
from media.permissions import is_chief_editor
from media.selectors import articles_about, issue_contents

ISSUES_ON_PAGE = 12


def archive(request):
    """Issues by their through number, the newest first; ``?before=`` walks on."""
    rows = JournalIssue.objects.published().select_related("cover").defer("editorial")
    year, before = number_of(request, "year"), number_of(request, "before")
    if year:
        rows = rows.filter(year=year)
    if before:
        rows = rows.filter(through_number__lt=before)
    found = list(rows.order_by("-through_number")[: ISSUES_ON_PAGE + 1])
    shown = found[:ISSUES_ON_PAGE]
    years = JournalIssue.objects.published().order_by("-year").values_list("year", flat=True)
    context = {
        "issues": shown,
        "is_first": not before,
        "following": shown[-1].through_number if len(found) > ISSUES_ON_PAGE else None,
        "year": year,
        "years": list(years.distinct()),
        "rubrics": Rubric.objects.filter(is_active=True),
    }
    return render(request, "media/public/archive.html", context)


def number_of(request, name):
    """A positive number of up to nine digits from the address, else None."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) else None


def article_list(request):
    """All published articles by year, rubric and audience, walked by the last one seen."""
    rows = Article.objects.published().listed()
    years = year_span()
    year, rubric = number_of(request, "year"), request.GET.get("rubric", "")
    audience = request.GET.get("audience", "")
    rubrics = list(Rubric.objects.all())
    chosen = next((item for item in rubrics if item.slug == rubric), None)
    if chosen is not None:
        rows = rows.filter(rubric=chosen)
    if year in years:
        zone = timezone.get_current_timezone()
        rows = rows.filter(
            published_at__gte=datetime(year, 1, 1, tzinfo=zone),
            published_at__lt=datetime(year + 1, 1, 1, tzinfo=zone),
        )
    if audience in Audience.values:
        rows = rows.filter(Q(audience__contains=[audience]) | Q(audience=[]))
    context = {
        "slice": take_slice(rows, request.GET.get("after", "")),
        "year": year,
        "years": years,
        "rubric": chosen,
        "rubrics": rubrics,
        "audience": audience,
        "audiences": Audience.choices,
    }
    return render(request, "media/public/article_list.html", context)


def year_span():
    """Years of the archive, the latest first, from its two ends."""
    ends = (
        Article.objects.published().order_by().aggregate(Min("published_at"), Max("published_at"))
    )
    first, last = ends["published_at__min"], ends["published_at__max"]
    if first is None:
        return []
    local = timezone.localtime
    return list(range(local(last).year, local(first).year - 1, -1))


def issue_detail(request, year, number):
    issue = get_object_or_404(
        JournalIssue.objects.visible_to(request.user).select_related("cover", "editorial_by"),
        year=year,
        number=number,
    )
    everything = issue.state != IssueState.PUBLISHED and is_chief_editor(request.user)
    near = JournalIssue.objects.published().filter(
        through_number__in=[issue.through_number - 1, issue.through_number + 1]
    )
    beside = {
        row.through_number: row
        for row in near.only("year", "number", "last_number", "through_number")
    }
    context = {
        "issue": issue,
        "groups": by_rubric(issue_contents(issue, everything=everything)),
        "previous": beside.get(issue.through_number - 1),
        "following": beside.get(issue.through_number + 1),
        "social_image": social_image(issue.cover),
        "address": permanent(issue),
    }
    return render(request, "media/public/issue_detail.html", context)


def by_rubric(articles):
    """Rubrics in the order in which their first articles stand, each with its articles."""
    groups = {}
    for article in articles:
        groups.setdefault(article.rubric_id, (article.rubric, []))[1].append(article)
    return list(groups.values())


def article_detail(request, slug):
    """One article in five queries, whatever hangs on it."""
    article = get_object_or_404(
        Article.objects.visible_to(request.user).select_related("issue", "rubric", "cover"),
        slug=slug,
    )
    signatures = list(article.signatures.select_related("author__municipality"))
    files = list(article.downloads.select_related("document"))
    about = grouped_links(article)
    context = {
        "article": article,
        "signatures": signatures,
        "templates": [item for item in files if item.kind == DownloadKind.TEMPLATE],
        "attachments": [item for item in files if item.kind == DownloadKind.ATTACHMENT],
        "corrections": article.corrections.all(),
        "about": about,
        "issue": article.issue if article.issue and article.issue.state == "published" else None,
        "is_draft": article.state != ArticleState.PUBLISHED,
        "address": permanent(article),
        "social_image": social_image(article.cover),
        "structured": as_script(describe_article(article, signatures)),
        "foreign": get_language() != "ru" and not article.title_en,
    }
    return render(request, "media/public/article_detail.html", context)


def social_image(image):
    return absolute(image.social_url) if image is not None and image.is_public else ""


def grouped_links(article):
    """Kinds with their links (title, address) in the kinds' order; unknown kinds are left out."""
    rows = list(article.links.all())
    groups = []
    for kind in links.all_kinds():
        own = [(row.local_title, kind.url(row.key)) for row in rows if row.kind == kind.key]
        if own:
            groups.append((kind.label, own))
    return groups


def author_detail(request, slug):
    author = get_object_or_404(
        Author.objects.select_related("municipality__region", "photo"), slug=slug
    )
    rows = Article.objects.published().filter(signatures__author=author).listed()
    page = take_slice(rows, request.GET.get("after", ""))
    # A person of whom nothing is published has no public page.
    if not page.rows and page.is_first:
        raise Http404
    return render(request, "media/public/author_detail.html", {"author": author, "slice": page})


def rubric_detail(request, slug):
    rubric = get_object_or_404(Rubric.objects.select_related("region"), slug=slug)
    rows = Article.objects.published().filter(rubric=rubric).listed()
    context = {"rubric": rubric, "slice": take_slice(rows, request.GET.get("after", ""))}
    return render(request, "media/public/rubric_detail.html", context)


def act_detail(request, slug):
    """An act with the articles that explain it and the indicators that rest on it."""
    act = get_object_or_404(LegalAct, slug=slug)
    bases = LegalBasis.objects.filter(act=act.title).select_related("indicator")
    indicators = {row.indicator_id: row.indicator for row in bases.order_by("indicator__code")}
    context = {
        "act": act,
        "indicators": list(indicators.values()),
        "slice": take_slice(articles_about("act", slug), request.GET.get("after", "")),
    }
    return render(request, "media/public/act_detail.html", context)


def about_object(request, kind, key):
    """All articles about one object of a registered kind."""
    found = links.get(kind)
    titles = found.titles([key]) if found else {}
    if key not in titles:
        raise Http404
    title, title_en = titles[key]
    context = {
        "title": (get_language() == "en" and title_en) or title,
        "url": found.url(key),
        "slice": take_slice(articles_about(kind, key), request.GET.get("after", "")),
    }
    return render(request, "media/public/about_object.html", context)
