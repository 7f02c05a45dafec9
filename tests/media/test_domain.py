"""Issues, pictures, authors, links, addresses: what the database and the services hold."""

import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from PIL import Image as Pillow

from media import links
from media.images import read_picture
from media.models import Article, Image, JournalIssue, OldAddress
from media.services import articles, images, issues
from media.services.links import refresh_titles, set_links
from media.slugs import make_slug
from tests.factories import journal, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def test_duplicate_number_is_refused_in_words():
    journal.make_issue(3, 2026)
    twin = JournalIssue(year=2026, number=3, through_number=999)
    with pytest.raises(ValidationError) as caught:
        twin.full_clean()
    assert "уже есть" in str(caught.value)
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_double_number_may_not_meet_its_neighbours():
    journal.make_issue(8, 2026, last_number=9)
    with pytest.raises(ValidationError, match="8–9, 2026 уже есть"):
        JournalIssue(year=2026, number=9, through_number=1000).full_clean()
    JournalIssue(year=2026, number=10, through_number=1000).full_clean()


def test_picture_is_stored_without_exif_and_cropped_around_its_focus():
    target = io.BytesIO()
    half = Pillow.new("RGB", (1600, 1000), "white")
    half.paste("black", (0, 0, 800, 1000))
    exif = Pillow.Exif()
    exif[0x010F] = "Камера с адресом"
    half.save(target, "JPEG", exif=exif)
    image = images.add_image(
        content=target.getvalue(), alt="Чёрное и белое поле", rights="Рисунок редакции",
        focal_x=0, by=None,
    )  # fmt: skip
    assert sorted(image.renditions) == ["card", "social", "w1280", "w1600", "w320", "w640"]
    with default_storage.open(image.path_of("w1600")) as file:
        assert not Pillow.open(file).getexif()
    with default_storage.open(image.path_of("card")) as file:
        card = Pillow.open(file)
        assert card.size == (640, 400)
        assert card.getpixel((10, 10))[0] < 30
    images.move_focus(image=image, focal_x=100, focal_y=50)
    with default_storage.open(image.path_of("w640")) as file:
        assert Pillow.open(file).size == (640, 400)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "пуст"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "не принимается"),
        (b"GIF89a" + b"\x00" * 100, "не принимается"),
        (journal.picture((200, 100)), "слишком мало"),
        (journal.picture()[:200], "повреждено"),
        (b"\xff" * (15 * 2**20 + 1), "больше 15 МБ"),
        (journal.picture((9000, 6000), "PNG"), "мегапикселей"),
    ],
    ids=["empty", "svg", "gif", "small", "broken", "big", "pixels"],
)
def test_wrong_pictures_are_refused_in_russian(content, words):
    with pytest.raises(ValidationError, match=words):
        read_picture(content)


@pytest.mark.parametrize("alt", ["", "   ", "IMG_0012.jpg", "фото 3", "abc"])
def test_picture_needs_words_for_those_who_do_not_see_it(alt):
    with pytest.raises(ValidationError) as caught:
        journal.make_image(alt=alt)
    assert "alt" in caught.value.message_dict
    assert Image.objects.count() == 0


def test_address_is_latin_and_its_own():
    taken = {"priemnaya-dlya-vsekh"}
    assert make_slug("Приёмная для всех", taken.__contains__) == "priemnaya-dlya-vsekh-2"
    assert make_slug("«…»", taken.__contains__) == "statya"


def test_body_is_cleaned_at_every_save():
    article = journal.make_article()
    article.body = "<p>Текст</p><script>x</script>"
    article.save()
    assert Article.objects.get(pk=article.pk).body == "<p>Текст</p>"


def test_authors_stand_in_their_order_and_only_once():
    article = journal.make_article()
    one, two = (
        journal.make_author(7),
        journal.make_author(8, last_name="Придуманова", first_name="Анна"),
    )
    articles.set_authors(article=article, authors=[(two, "Редактор"), (one, "")])
    assert [(s.author, s.post) for s in article.signatures.all()] == [
        (two, "Редактор"), (one, "Глава района"),
    ]  # fmt: skip
    assert article.byline == "Придуманова\u00a0А., Вымыслов\u00a0И."
    with pytest.raises(ValidationError, match="дважды"):
        articles.set_authors(article=article, authors=[(one, ""), (one, "")])


def test_links_hold_only_what_exists_and_show_on_both_sides(client):
    here = people.MunicipalityFactory()
    article = journal.make_published()
    with pytest.raises(ValidationError, match="нет кода 00000000"):
        set_links(article=article, kind="municipality", keys=[here.oktmo, "00000000"])
    assert article.links.count() == 0
    set_links(article=article, kind="municipality", keys=[here.oktmo])
    assert here.name in client.get(article.get_absolute_url()).content.decode()
    page = client.get(f"/territory/municipality/{here.oktmo}/").content.decode()
    assert article.get_absolute_url() in page


def test_links_follow_a_renamed_object():
    here = people.MunicipalityFactory()
    article = journal.make_published()
    set_links(article=article, kind="municipality", keys=[here.oktmo])
    here.name = "Новоназванный район"
    here.save()
    assert refresh_titles() == 1
    assert article.links.get().title.startswith("Новоназванный район")
    assert refresh_titles() == 0


def test_kinds_of_links_are_a_registry():
    assert [kind.key for kind in links.all_kinds()] == ["municipality", "indicator", "act"]


def test_old_addresses_lead_to_what_stands_there_now(client):
    article, issue = journal.make_published(), journal.make_published_issue()
    OldAddress.objects.create(path="/archive/index.php?id=15", article=article)
    OldAddress.objects.create(path="/журнал/2026/1", issue=issue)
    for path, target in (
        ("/archive/index.php?id=15", article), ("/журнал/2026/1", issue), ("/журнал/2026/1/", issue),
        ("/журнал/2026/1?utm=x", issue),
    ):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (301, target.get_absolute_url()), path
    assert client.get("/archive/index.php?id=16").status_code == 404
    assert client.post("/archive/index.php?id=15").status_code in (403, 404)


def test_changed_address_of_a_published_article_goes_on_working(client):
    article = journal.make_published()
    old = article.get_absolute_url()
    articles.change_slug(article=article, slug="novyy-adres", by=journal.chief_editor())
    assert client.get(old)["Location"] == "/journal/article/novyy-adres/"
    with pytest.raises(PermissionDenied):
        articles.change_slug(article=article, slug="x", by=journal.council_editor())


def test_contents_stand_in_free_order():
    issue = journal.make_issue()
    one, two, three = (journal.make_article(f"Статья {n}", issue=issue) for n in (1, 2, 3))
    issues.order_contents(issue=issue, places={three.pk: 1, one.pk: 2, two.pk: 3}, by=None)
    found = list(issue.articles.in_issue_order().values_list("pk", "position"))
    assert found == [(three.pk, 10), (one.pk, 20), (two.pk, 30)]


def test_staff_add_a_picture_in_the_admin(client):
    from okmo_portal.organisations.services.staff import sync_staff_access

    staff = people.congress_staff()
    sync_staff_access(user=staff)
    people.sign_in(client, staff)
    fields = {"alt": "Синее поле без предметов", "rights": "Редакция", "focal_x": 10, "focal_y": 20}
    file = io.BytesIO(journal.picture())
    file.name = "a.jpg"
    assert client.post("/admin/media/image/add/", fields | {"file": file}).status_code == 302
    image = Image.objects.get()
    assert (image.uploaded_by, image.focal_x, "card" in image.renditions) == (staff, 10, True)
    bad = io.BytesIO(b"GIF89a")
    bad.name = "a.jpg"
    page = client.post("/admin/media/image/add/", fields | {"file": bad}).content.decode()
    assert "Такой файл не принимается" in page
    change = f"/admin/media/image/{image.pk}/change/"
    assert client.post(change, fields | {"focal_x": 90}).status_code == 302
    image.refresh_from_db()
    assert image.focal_x == 90
