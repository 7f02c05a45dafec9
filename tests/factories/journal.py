"""Rubrics, authors, pictures, articles and issues of the journal."""

import io

from django.utils import timezone
from PIL import Image as Pillow

from media.models import Article, Author, JournalIssue, Rubric
from media.services.articles import create_article, set_authors
from media.services.images import add_image
from okmo_portal.organisations.enums import OrganisationKind, Role
from okmo_portal.organisations.models import Region
from tests.factories import people

TEXT = "<p>" + "В районе открыли приёмную для жителей дальних деревень. " * 6 + "</p>"


def picture(size=(800, 600), kind="JPEG", colour="#0b4a8f", **options):
    target = io.BytesIO()
    Pillow.new("RGB", size, colour).save(target, kind, **options)
    return target.getvalue()


def make_image(**fields):
    texts = {"alt": "Синее поле без предметов", "rights": "Рисунок редакции"}
    return add_image(content=picture(), by=None, **(texts | fields))


def make_rubric(slug="practice", **fields):
    found, _created = Rubric.objects.get_or_create(
        slug=slug, defaults={"title": f"Рубрика {slug}", "title_en": f"Section {slug}"} | fields
    )
    return found


def make_author(number=1, **fields):
    texts = {"last_name": "Вымыслов", "first_name": "Игорь", "position": "Глава района"}
    return Author.objects.create(slug=f"vymyslov-{number}", **(texts | fields))


def make_article(title="Статья о приёмной", *, ready=True, **fields):
    """A draft; ``ready`` gives it what a publication needs."""
    rubric = fields.pop("rubric", None) or make_rubric()
    texts = {"lead": "О чём эта статья.", "body": TEXT} if ready else {}
    article = create_article(rubric=rubric, title=title, by=None, **(texts | fields))
    if ready:
        author = Author.objects.first() or make_author()
        set_authors(article=article, authors=[(author, "")])
    return article


def make_published(title="Опубликованная статья", **fields):
    article = make_article(title, **fields)
    moment = fields.get("published_at") or timezone.now()
    Article.objects.filter(pk=article.pk).update(state="published", published_at=moment)
    article.refresh_from_db()
    return article


def make_issue(number=1, year=2026, **fields):
    return JournalIssue.objects.create(
        year=year,
        number=number,
        through_number=fields.pop("through_number", year * 100 + number),
        title="Тема номера",
        editorial="<p>Слово редактора.</p>",
        **fields,
    )


def make_published_issue(number=1, year=2026, **fields):
    return make_issue(number, year, state="published", published_at=timezone.now(), **fields)


def chief_editor():
    return people.user_with(Role.EDITOR, people.organisation(OrganisationKind.CONGRESS))


def council_editor(code="40"):
    region = Region.objects.get(code=code)
    return people.user_with(
        Role.EDITOR, people.organisation(OrganisationKind.COUNCIL, region=region)
    )


def make_journal_world(who, here):
    """One object behind each address of the journal, for the matrix of roles."""
    from media.models import Image, LegalAct
    from media.services import contributions, links
    from okmo_portal.documents.services import store_bytes

    central, own = make_rubric("central"), make_rubric("region", region=here.region)
    image = make_image()
    Image.objects.filter(pk=image.pk).update(is_public=True)
    issue = make_published_issue(1, 2026, cover=image)
    story = make_published(rubric=central, issue=issue, cover=image)
    LegalAct.objects.create(
        slug="33-fz", title="Федеральный закон № 33-ФЗ", title_en="Federal Law 33-FZ"
    )
    links.set_links(article=story, kind="act", keys=["33-fz"])
    links.set_links(article=story, kind="municipality", keys=[here.oktmo])
    file = store_bytes(
        content=b"%PDF-1.4", name="akt.pdf", content_type="application/pdf", by=who["staff"],
        subject=story,
    )  # fmt: skip
    draft = make_article("Черновик района", rubric=own)
    contribution = contributions.send_contribution(
        by=None, kind="practice", title="Практика", text="Текст.", name="Пётр Образцов",
        email="p@demo.example", municipality=here,
    )  # fmt: skip
    return {
        "story_slug": story.slug,
        "story": story.pk,
        "draft": draft.pk,
        "author_slug": story.authors.get().slug,
        "image": str(image.pk),
        "issue": make_issue(2, 2026).pk,
        "download": story.downloads.create(document=file, title="Акт", kind="template").pk,
        "comment": draft.comments.create(text="Уточните.", version=1, by=who["staff"]).pk,
        "task": draft.tasks.create(
            title="Вычитать", assignee=who["director"], by=who["staff"], due_on="2100-01-01"
        ).pk,
        "contribution": contribution.pk,
    }
