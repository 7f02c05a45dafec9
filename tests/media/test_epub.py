"""An issue as EPUB: a well-formed book with every article, and nothing that is not published."""

import io
import zipfile
from xml.etree import ElementTree

import pytest

from tests.factories import journal

pytestmark = pytest.mark.django_db
OPF = "{http://www.idpf.org/2007/opf}"


def open_book(client, issue):
    answer = client.get(f"{issue.get_absolute_url()}issue.epub")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/epub+zip")
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_book_holds_the_issue_and_every_part_is_well_formed(client):
    cover, inside = journal.make_image(), journal.make_image(alt="Вид на реку и мост")
    issue = journal.make_published_issue(cover=cover)
    body = (
        journal.TEXT
        + f'<p>Строка<br>и&nbsp;ещё</p><hr><figure><img src="{inside.url}" alt="Вид на реку и мост"></figure>'
    )
    one = journal.make_published("Первая & главная", issue=issue, body=body, todo_steps="Раз\nДва")
    journal.make_published("Вторая", issue=issue)
    draft = journal.make_article("Черновик", issue=issue)
    book = open_book(client, issue)
    first = book.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert book.read("mimetype") == b"application/epub+zip"
    names = set(book.namelist())
    for name in names:
        if name.endswith((".xhtml", ".opf", ".xml")):
            ElementTree.fromstring(book.read(name))
    assert f"OEBPS/a{draft.pk}.xhtml" not in names
    package = ElementTree.fromstring(book.read("OEBPS/package.opf"))
    items = {item.get("id"): item.get("href") for item in package.iter(f"{OPF}item")}
    assert {f"OEBPS/{href}" for href in items.values()} | {
        "mimetype", "META-INF/container.xml", "OEBPS/package.opf",
    } == names  # fmt: skip
    assert {row.get("idref") for row in package.iter(f"{OPF}itemref")} <= set(items)
    text = book.read(f"OEBPS/a{one.pk}.xhtml").decode()
    assert f'src="images/{inside.pk.hex}.jpg"' in text
    assert "<li>Раз</li>" in text
    assert book.read(f"OEBPS/images/{cover.pk.hex}.jpg").startswith(b"\xff\xd8")


def test_book_follows_a_change_of_its_texts(client):
    issue = journal.make_published_issue()
    article = journal.make_published("Старое имя", issue=issue)
    open_book(client, issue)
    article.title = "Новое имя"
    article.save()
    text = open_book(client, issue).read(f"OEBPS/a{article.pk}.xhtml").decode()
    assert "Новое имя" in text


def test_issue_in_work_has_no_book(client):
    journal.make_issue(7, 2026)
    assert client.get("/journal/2026/7/issue.epub").status_code == 404
