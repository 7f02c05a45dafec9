"""Two full issues of the journal with invented authors, and an article in each state."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annual_report.models import Indicator
from media.demo import covers, texts
from media.models import Author, JournalIssue, LegalAct, Rubric
from media.sanitise import paragraphs
from media.services import articles, images, issues, links, route
from media.services.contributions import send_contribution
from okmo_portal.accounts.models import User
from okmo_portal.documents.services import store_bytes
from okmo_portal.organisations.demo.accounts import DEMO_DOMAIN
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership
from okmo_portal.search.services import rebuild_index

RIGHTS = "Рисунок портала, сделан для показа"


def load(*, scale: str) -> None:
    """``scale`` makes no difference: two issues are enough to read."""
    council = _mandate("sovet", Role.COUNCIL_DIRECTOR)
    head = _mandate("glava", Role.HEAD)
    municipality, region = head.organisation.municipality, council.organisation.region
    with transaction.atomic():
        rubrics = _rubrics(region)
        _authors(municipality)
        _acts()
        today = timezone.now()
        first = _issue(
            1, "Ближе к жителю", "Closer to the resident", texts.FIRST, rubrics, municipality
        )
        second = _issue(
            2, "Дело на завтра", "Something for tomorrow", texts.SECOND, rubrics, municipality
        )
        _date_back(first, today - timedelta(days=95))
        _date_back(second, today - timedelta(days=12))
        _in_hand(rubrics)
        send_contribution(
            by=None, kind="practice", title="Ярмарка у дома: как мы договорились с торговцами",
            text="Раньше торговали вдоль дороги.\n\nТеперь у клуба, по субботам, с весами и водой.",
            name="Пётр Показательный", position="Специалист сельского поселения",
            email="primer" + DEMO_DOMAIN, municipality=municipality,
        )  # fmt: skip
    rebuild_index()


def _mandate(login: str, role: Role) -> Membership:
    """One person may have several: the one in ``role`` is meant."""
    return (
        Membership.objects.valid()
        .with_organisation()
        .get(user__email=login + DEMO_DOMAIN, role=role)
    )


def _rubrics(region) -> dict[str, Rubric]:
    found = {}
    for order, (slug, title, title_en, about) in enumerate((*texts.RUBRICS, texts.COUNCIL_RUBRIC)):
        own = region if slug == texts.COUNCIL_RUBRIC[0] else None
        found[slug] = Rubric.objects.create(
            slug=slug, title=title, title_en=title_en, description=about, order=order * 10,
            region=own,
        )  # fmt: skip
    return found


def _authors(municipality) -> None:
    for slug, last, first, patronymic, position, name_en in texts.AUTHORS:
        Author.objects.create(
            slug=slug, last_name=last, first_name=first, patronymic=patronymic, position=position,
            name_en=name_en, municipality=municipality if slug == "vymyslov" else None,
            about="Вымышленный автор: учётные данные показательные.",
        )  # fmt: skip


def _acts() -> None:
    about = "Полномочия, органы и деньги муниципалитетов"
    for slug, title, title_en in texts.ACTS:
        LegalAct.objects.create(slug=slug, title=title, title_en=title_en, subject=about)


def _issue(number, title, title_en, rows, rubrics, municipality) -> JournalIssue:
    cover = images.add_image(
        content=covers.draw(number, (1200, 1600)), by=None, rights=RIGHTS,
        alt="Холмы, домики с красными крышами и солнце",
    )  # fmt: skip
    year = timezone.localdate().year
    issue = issues.save_issue(
        issue=JournalIssue(
            year=year, number=number, through_number=number, title=title, title_en=title_en,
            cover=cover, editorial=paragraphs(texts.EDITORIAL),
            editorial_by=Author.objects.get(slug="skazkina"),
        ),
        by=None,
    )  # fmt: skip
    for order, row in enumerate(rows, start=1):
        article = _article(row, issue, order, rubrics, municipality)
        for move in ("submit", "proof"):
            route.move_article(article=article, name=move, by=None)
    return route.publish_issue(issue=issue, by=None)


def _article(row, issue, order, rubrics, municipality):
    title, title_en, rubric, authors, audience, lead, parts, steps, deadline = row
    article = articles.create_article(
        rubric=rubrics[rubric], title=title, by=None, title_en=title_en, lead=lead, issue=issue,
        body=_body(parts), audience=list(audience), position=order * 10,
        todo_steps="\n".join(steps), todo_deadline=deadline,
        todo_contact="Редакция журнала, показательный адрес redakciya" + DEMO_DOMAIN,
        references="Ежегодный доклад о состоянии местного самоуправления.\nПротокол собрания, показательный.",
        cover=images.add_image(
            content=covers.draw(issue.number * 20 + order, (1280, 800)), by=None, rights=RIGHTS,
            alt="Деревня на холмах под солнцем", focal_y=70,
        ),
    )  # fmt: skip
    people = {author.slug: author for author in Author.objects.filter(slug__in=authors)}
    articles.set_authors(article=article, authors=[(people[slug], "") for slug in authors])
    _link(article, rubric, municipality)
    if order == 1:
        _template(article)
    if order == 3:
        article.corrections.create(
            on=timezone.localdate(),
            text="В первой публикации было указано 321 вместо 312 участков.",
        )
    return article


def _body(parts) -> str:
    first, *rest = parts
    html = paragraphs(first)
    for heading, text in zip(("Как это сделали", "Что вышло"), rest, strict=True):
        html += f"<h2>{heading}</h2>{paragraphs(text)}"
    return html


def _link(article, rubric, municipality) -> None:
    if rubric in ("practice", "people"):
        links.set_links(article=article, kind="municipality", keys=[municipality.oktmo])
    if rubric == "law":
        links.set_links(article=article, kind="act", keys=["33-fz", "131-fz"])
    codes = {"data": ("C07", "F01"), "money": ("D01", "D10")}.get(rubric, ())
    known = Indicator.objects.filter(code__in=codes).values_list("code", flat=True)
    links.set_links(article=article, kind="indicator", keys=list(known))


def _template(article) -> None:
    text = "Распоряжение (образец)\n\n1. Утвердить график выездов.\n2. Разместить график в местах, где бывают жители.\n"
    document = store_bytes(
        content=text.encode(), name="rasporyazhenie.txt", by=None, subject=article,
        content_type="text/plain; charset=utf-8",
    )  # fmt: skip
    article.downloads.create(
        document=document, kind="template", title="Распоряжение о графике (образец)"
    )


def _date_back(issue: JournalIssue, moment) -> None:
    """As if it had come out then: the articles an hour apart, so that lists have an order."""
    JournalIssue.objects.filter(pk=issue.pk).update(published_at=moment)
    for number, article in enumerate(issue.articles.in_issue_order()):
        type(article).objects.filter(pk=article.pk).update(
            published_at=moment - timedelta(hours=number)
        )


def _in_hand(rubrics) -> None:
    """One article in each state before publication, with a comment and a task."""
    staff = User.objects.get(email="kongress" + DEMO_DOMAIN)
    for state, title in texts.IN_HAND:
        rubric = rubrics["council"] if state in ("draft", "editing") else rubrics["practice"]
        parts = texts.FIRST[0][6]
        article = articles.create_article(
            rubric=rubric, title=title, by=None, lead="Черновик показывает, как работает редакция.",
            body=_body(parts),
        )  # fmt: skip
        articles.set_authors(article=article, authors=[(Author.objects.get(slug="skazkina"), "")])
        moves = {"draft": (), "editing": ("submit",), "proof": ("submit", "proof")}
        for move in moves.get(state, ("submit", "proof")):
            route.move_article(article=article, name=move, by=None)
        if state == "scheduled":
            later = timezone.now() + timedelta(days=7)
            route.move_article(article=article, name="schedule", by=None, publish_at=later)
        if state == "editing":
            article.comments.create(
                text="Уточните, кто подписал договор.", quote="Раньше житель отпрашивался",
                version=article.version, by=staff,
            )  # fmt: skip
            article.tasks.create(
                title="Сократить на треть", assignee=staff, by=staff,
                due_on=timezone.localdate() + timedelta(days=5),
            )  # fmt: skip
