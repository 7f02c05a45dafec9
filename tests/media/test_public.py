"""The journal's public pages: what they show, to whom, and what they cost."""

import json
import re
import time
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from annual_report.models import Indicator, LegalBasis
from media.keyset import mark_of, read_mark, take_slice
from media.models import Article, ArticleLink, JournalIssue, LegalAct, Rubric
from media.services.articles import correct_article, set_authors
from media.services.links import set_links
from okmo_portal.documents.services import store_bytes
from okmo_portal.search.services import find, rebuild_index
from tests.core.test_page_weight import LIMIT, foreign, weigh
from tests.factories import journal, people
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture(autouse=True)
def russian():
    """A page in English leaves its language in the test's thread."""
    with override("ru"):
        yield


def make_many(count, *, rubric=None, issue=None, start=None):
    """Published articles a minute apart, by one statement."""
    start = start or timezone.now()
    rubric = rubric or journal.make_rubric()
    return Article.objects.bulk_create(
        Article(
            slug=f"s{number}-{rubric.slug}", rubric=rubric, issue=issue, title=f"Статья {number}",
            lead="О чём эта статья.", byline="Вымыслов И.", state="published", position=number,
            published_at=start - timedelta(minutes=number),
        )
        for number in range(count)
    )  # fmt: skip


def queries(client, path):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return len(caught), answer.content.decode()


def full_article(extra=1):
    """A published article with ``extra`` of everything that hangs on one."""
    article = journal.make_published(f"Полная статья {extra}", issue=None, todo_steps="Один\nДва")
    authors = [(journal.make_author(n + 10, last_name=f"Выдуманов{n}"), "") for n in range(extra)]
    set_authors(article=article, authors=authors)
    set_links(
        article=article, kind="municipality",
        keys=[people.MunicipalityFactory().oktmo for _ in range(extra)],
    )  # fmt: skip
    for number in range(extra):
        article.corrections.create(on="2026-03-05", text=f"Исправлено {number}")
        file = store_bytes(
            content=b"%PDF-1.4", name="a.pdf", content_type="application/pdf", by=None,
            subject=article,
        )  # fmt: skip
        article.downloads.create(document=file, title=f"Проект решения {number}", kind="template")
    return article


def test_article_page_asks_five_queries_whatever_hangs_on_it(client):
    one = full_article(1)
    Article.objects.exclude(pk=one.pk).delete()
    count, _page = queries(client, one.get_absolute_url())
    assert count == 5
    one.signatures.all().delete()
    journal.Author.objects.all().delete()
    three = full_article(3)
    assert queries(client, three.get_absolute_url())[0] == 5


def test_article_page_shows_everything_once(client):
    issue = journal.make_published_issue()
    article = full_article()
    article.issue, article.audience = issue, ["head"]
    article.references = "Закон о местном самоуправлении\nОтчёт района"
    article.save()
    page = client.get(article.get_absolute_url()).content.decode()
    assert page.count("<h1") == 1
    for words in (
        "Выдуманов0", "Глава района", "главе", "Проект решения 0", "Исправлено 0", "05.03.2026",
        "Отчёт района", "№\u00a01, 2026", f'property="og:title" content="{article.title}"',
        "http://127.0.0.1:8000" + article.get_absolute_url(),
    ):  # fmt: skip
        assert words in page, words
    data = json.loads(re.search(r'<script type="application/ld\+json">(.+?)</script>', page)[1])
    assert (data["@type"], data["headline"]) == ("Article", article.title)
    assert data["author"][0]["name"] == "Выдуманов0 Игорь"
    assert data["isPartOf"]["issueNumber"] == "1"


def test_no_title_breaks_out_of_the_structured_data(client):
    article = journal.make_published("</script><script>alert(1)</script>")
    page = client.get(article.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    data = json.loads(re.search(r'<script type="application/ld\+json">(.+?)</script>', page)[1])
    assert data["headline"] == article.title


def test_what_is_not_published_is_nowhere(client):
    draft = journal.make_article("Тайный черновик")
    journal.make_issue(5, 2026)
    rebuild_index()
    paths = ("/journal/", "/journal/articles/", f"/journal/rubrics/{draft.rubric.slug}/",
             "/journal/feed/rss.xml", "/journal/feed/atom.xml", "/search/?q=Тайный", "/",
             "/sitemap-found.xml")  # fmt: skip
    for path in paths:
        page = client.get(path).content.decode()
        assert "Тайный черновик" not in page, path
        assert draft.slug not in page, path
        assert "/journal/2026/5/" not in page, path
    hidden = (draft.get_absolute_url(), "/journal/2026/5/", draft.authors.get().get_absolute_url())
    for path in hidden:
        assert client.get(path).status_code == 404, path
    people.sign_in(client, journal.chief_editor())
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "статью видит только редакция" in page
    assert 'content="noindex"' in page


def test_council_sees_its_own_drafts_only(client):
    region = people.Region.objects.get(code="40")
    own = journal.make_article("Своя", rubric=journal.make_rubric("own", region=region))
    central = journal.make_article("Центральная")
    people.sign_in(client, journal.council_editor("40"))
    assert client.get(own.get_absolute_url()).status_code == 200
    assert client.get(central.get_absolute_url()).status_code == 404
    people.sign_in(client, journal.council_editor("77"))
    assert client.get(own.get_absolute_url()).status_code == 404


def test_contents_of_five_hundred_articles(client):
    issue = journal.make_published_issue()
    make_many(3, issue=issue)
    few, _page = queries(client, issue.get_absolute_url())
    make_many(500, rubric=journal.make_rubric("second"), issue=issue)
    many, page = queries(client, issue.get_absolute_url())
    assert few == many == 3
    assert page.count("stories__title") == 503
    started = time.perf_counter()
    client.get(issue.get_absolute_url())
    # A generous bound for a busy machine; the benchmark measures the bar itself.
    assert time.perf_counter() - started < 2


def test_archive_walks_by_keyset_through_all_and_each_once(client):
    make_many(45)
    seen, path, counts = [], "/journal/articles/", set()
    while path:
        count, page = queries(client, path)
        counts.add(count)
        seen += re.findall(r'stories__title"[^>]*href="([^"]+)"', page)
        after = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
        path = f"/journal/articles/{after[1]}" if after else None
    assert seen == [f"/journal/article/s{number}-practice/" for number in range(45)]
    assert max(counts) <= 3


def test_deep_page_of_the_archive_reads_the_index_only():
    make_many(300)
    deep = Article.objects.published().after(timezone.now() - timedelta(minutes=250), 10**9)
    plan = deep.in_archive_order()[:20]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE media_article; SET LOCAL enable_seqscan = off;")
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;")
    text = plan.explain()
    assert "article_archive" in text
    assert "Sort" not in text


@pytest.mark.parametrize(
    "mark", ["", "x", "1", "-1", "1-x", "9" * 40 + "-1", "1-" + "9" * 30, "١-١"]
)
def test_a_wrong_mark_begins_at_the_head(mark):
    assert read_mark(mark) is None


def test_mark_survives_the_way_there_and_back():
    article = journal.make_published()
    assert read_mark(mark_of(article)) == (article.published_at, article.pk)
    assert take_slice(Article.objects.published(), mark_of(article)).rows == []


def test_articles_of_one_moment_are_told_apart():
    moment = timezone.now()
    make_many(3)
    Article.objects.update(published_at=moment)
    first = take_slice(Article.objects.published(), "", size=2)
    second = take_slice(Article.objects.published(), first.following, size=2)
    assert len({row.pk for row in (*first.rows, *second.rows)}) == 3


def test_filters_of_the_archive(client):
    law, practice = journal.make_rubric("law"), journal.make_rubric("practice")
    journal.make_published("Про закон", rubric=law, audience=["accountant"])
    old = journal.make_published("Старая практика", rubric=practice, audience=["head"])
    Article.objects.filter(pk=old.pk).update(published_at="2019-05-05T00:00Z")
    found = {
        query: [name for name in ("Про закон", "Старая практика") if name in page]
        for query in ("rubric=law", "year=2019", "audience=head", "rubric=nothing", "year=1999")
        for page in [client.get(f"/journal/articles/?{query}").content.decode()]
    }
    both = ["Про закон", "Старая практика"]
    assert found == {
        "rubric=law": ["Про закон"], "year=2019": ["Старая практика"],
        "audience=head": ["Старая практика"], "rubric=nothing": both, "year=1999": both,
    }  # fmt: skip


def test_archive_of_issues_by_year(client):
    for number in range(1, 15):
        journal.make_published_issue(number, 2025)
    journal.make_published_issue(1, 2026)
    count, page = queries(client, "/journal/")
    assert count <= 3
    assert page.count('class="issue-card"') == 12
    following = re.search(r'href="(\?before=\d+)" rel="next"', page)[1]
    page = client.get(f"/journal/{following}").content.decode()
    assert page.count('class="issue-card"') == 3
    page = client.get("/journal/?year=2026").content.decode()
    assert page.count('class="issue-card"') == 1


def test_act_shows_articles_and_indicators(client):
    make_form()
    indicator = Indicator.objects.get(code="C01")
    act = LegalAct.objects.create(slug="33-fz", title="Федеральный закон № 33-ФЗ")
    LegalBasis.objects.create(indicator=indicator, act=act.title)
    article = journal.make_published()
    set_links(article=article, kind="act", keys=["33-fz"])
    set_links(article=article, kind="indicator", keys=["C01"])
    page = client.get(act.get_absolute_url()).content.decode()
    assert article.get_absolute_url() in page
    assert indicator.get_absolute_url() in page
    page = client.get(indicator.get_absolute_url()).content.decode()
    assert article.get_absolute_url() in page


def test_feeds_are_valid_and_permanent(client):
    article = journal.make_published("Новость & право")
    root = ElementTree.fromstring(client.get("/journal/feed/rss.xml").content)
    item = root.find("channel/item")
    assert item.findtext("title") == "Новость & право"
    assert item.findtext("link") == "http://127.0.0.1:8000" + article.get_absolute_url()
    atom = ElementTree.fromstring(client.get("/journal/feed/atom.xml").content)
    assert atom.tag == "{http://www.w3.org/2005/Atom}feed"
    rubric = client.get(f"/journal/rubrics/{article.rubric.slug}/rss.xml")
    assert article.title.replace("&", "&amp;") in rubric.content.decode()
    for path in ("/journal/feed/rss.xml", f"/journal/rubrics/{article.rubric.slug}/rss.xml"):
        with CaptureQueriesContext(connection) as caught:
            client.get(path)
        assert len(caught) <= 2


def test_search_finds_word_forms_of_articles_and_issues():
    journal.make_published("Приёмная для дальних деревень")
    journal.make_published_issue()
    rebuild_index()
    assert [entry.kind for entry in find("приемные").entries] == ["article"]
    assert "issue" in [entry.kind for entry in find("муниципальная Россия").entries]


def test_sitemap_holds_the_journal(client):
    article = journal.make_published()
    rebuild_index()
    assert article.get_absolute_url() in client.get("/sitemap-found.xml").content.decode()
    assert "/journal/articles/" in client.get("/sitemap-pages.xml").content.decode()


def test_pictures_are_seen_once_something_shows_them(client):
    image = journal.make_image()
    assert client.get(image.card_url).status_code == 404
    people.sign_in(client, journal.council_editor())
    assert client.get(image.card_url).status_code == 200
    client.logout()
    journal.Article.objects.all().delete()
    article = journal.make_article(cover=image)
    from media.services.route import move_article

    chief = journal.chief_editor()
    for name in ("submit", "proof", "publish"):
        article = move_article(article=article, name=name, by=chief)
    answer = client.get(image.card_url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert client.get(image.url_of("w9999")).status_code == 404


def test_files_follow_their_article(client):
    article = full_article()
    path = f"/files/{article.downloads.get().document_id}/"
    assert client.get(path).status_code == 200
    Article.objects.filter(pk=article.pk).update(state="draft")
    assert client.get(path).status_code == 404


def test_english_pages_have_an_english_interface(client):
    article = full_article()
    Rubric.objects.update(title_en="Practice")
    address = article.get_absolute_url()
    paths = ("/en/journal/", "/en/journal/articles/", f"/en{article.get_absolute_url()}",
             "/en/journal/submit/")  # fmt: skip
    russian = re.compile(r"[а-яё]", re.I)
    for path in paths:
        page = client.get(path).content.decode()
        body = re.sub(
            r'<(\w+)[^>]*lang="ru"[^>]*>.*?</\1>', "", page.split("<main", 1)[1], flags=re.S
        )
        body = re.sub(r"<h1[^>]*lang.*?</h1>|<footer.*", "", body, flags=re.S)
        text = re.sub(r"<[^>]+>", "", body)
        if path.endswith(article.slug + "/"):
            assert "What to do" in page
            assert f'rel="canonical" href="http://127.0.0.1:8000{address}"' in page
        else:
            assert not russian.search(text), (path, russian.findall(text))


def test_pages_weigh_little(client):
    issue = journal.make_published_issue()
    make_many(500, issue=issue)
    article = full_article()
    for path in (
        "/journal/",
        "/journal/articles/",
        issue.get_absolute_url(),
        article.get_absolute_url(),
    ):
        html = client.get(path).content.decode()
        assert weigh(html) <= LIMIT, path
        # Browsers do not fetch the canonical address.
        assert [link for link in foreign(html) if "canonical" not in link] == []


def test_correction_is_shown_and_the_former_text_kept(client):
    article = journal.make_published()
    chief = journal.chief_editor()
    correct_article(
        article=article, changes={"body": journal.TEXT + "<p>Верное число — 12.</p>"},
        text="Число приёмов было указано неверно.", by=chief,
    )  # fmt: skip
    page = client.get(article.get_absolute_url()).content.decode()
    assert "Число приёмов было указано неверно." in page
    assert "Верное число — 12." in page
    assert article.versions.count() == 2


def test_home_page_shows_the_latest_issue(client):
    issue = journal.make_published_issue()
    journal.make_published("Лучшая статья", issue=issue)
    page = client.get("/").content.decode()
    assert issue.get_absolute_url() in page
    assert "Лучшая статья" in page
    JournalIssue.objects.update(state="planned")
    assert issue.get_absolute_url() not in client.get("/").content.decode()


def test_links_of_an_unknown_kind_are_left_out(client):
    article = journal.make_published()
    ArticleLink.objects.create(article=article, kind="practice", key="1", title="Практика")
    assert client.get(article.get_absolute_url()).status_code == 200
    assert client.get("/journal/about/practice/1/").status_code == 404
