"""The editorial route, its locks and versions, the councils' rubrics, what readers send."""

from datetime import timedelta

import pytest
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from media.forms import SALT
from media.models import Article, Contribution, EditTask
from media.services import articles, contributions, locks, route
from media.services.checklist import blockers, hints
from media.tasks import publish_due
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.models import Region
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed
from tests.factories import journal, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def go(article, *names, by=None, **options):
    by = by or journal.chief_editor()
    for name in names:
        article = route.move_article(article=article, name=name, by=by, **options)
    return article


def region_rubric():
    return journal.make_rubric("kaluga", region=Region.objects.get(code="40"))


def test_route_from_draft_to_print():
    article = go(journal.make_article(), "submit", "proof", "publish")
    assert (article.state, article.published_at is not None) == ("published", True)
    moves = list(StateChange.objects.of(article).values_list("transition", flat=True))
    assert moves == ["publish", "proof", "submit"]


def test_council_hands_over_and_cannot_publish():
    article = journal.make_article(rubric=region_rubric())
    editor = journal.council_editor("40")
    article = go(article, "submit", by=editor)
    for name in ("proof", "publish", "schedule"):
        with pytest.raises((PermissionDenied, TransitionNotAllowed, ValidationError)):
            go(article, name, by=editor)
    with pytest.raises(PermissionDenied):
        articles.save_article(article=article, changes={"title": "Другое"}, seen=1, by=editor)
    with pytest.raises(PermissionDenied):
        go(
            journal.make_article("Чужая", rubric=journal.make_rubric("central")),
            "submit",
            by=editor,
        )


def test_council_writes_in_its_own_rubrics_only():
    editor = journal.council_editor("40")
    own = articles.create_article(rubric=region_rubric(), title="Своя", by=editor)
    with pytest.raises(PermissionDenied):
        articles.create_article(rubric=journal.make_rubric("central"), title="Чужая", by=editor)
    with pytest.raises(PermissionDenied):
        articles.save_article(
            article=own, changes={"rubric": journal.make_rubric("central")}, seen=1, by=editor
        )


def test_nothing_unready_is_published_and_the_reasons_are_named():
    article = go(journal.make_article(ready=False), "submit", "proof")
    with pytest.raises(ValidationError) as caught:
        go(article, "publish")
    assert "указан хотя бы один автор" in caught.value.messages[0]
    article.refresh_from_db()
    assert article.state == "proof"
    assert len(blockers(article)) == 3


def test_open_comments_hold_publication_back():
    article, chief = journal.make_article(), journal.chief_editor()
    comment = route.add_comment(article=article, text="Проверьте число.", by=chief)
    article = go(article, "submit", "proof")
    with pytest.raises(ValidationError, match="замечания учтены"):
        go(article, "publish")
    route.resolve_comment(comment=comment, by=chief)
    assert go(article, "publish").state == "published"


def test_scheduled_article_comes_out_in_its_time_and_once():
    article = go(journal.make_article(), "submit", "proof")
    with pytest.raises(ValidationError, match="в будущем"):
        go(article, "schedule", publish_at=timezone.now() - timedelta(minutes=1))
    go(article, "schedule", publish_at=timezone.now() + timedelta(hours=1))
    assert publish_due() == 0
    Article.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    assert (publish_due(), publish_due()) == (1, 0)
    article.refresh_from_db()
    assert article.state == "published"
    assert StateChange.objects.of(article)[0].by is None


def test_scheduled_article_that_is_no_longer_ready_goes_back_with_the_reason():
    article = go(journal.make_article(), "submit", "proof")
    go(article, "schedule", publish_at=timezone.now() + timedelta(hours=1))
    article.signatures.all().delete()
    Article.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    assert publish_due() == 0
    article.refresh_from_db()
    assert article.state == "proof"
    assert "автор" in StateChange.objects.of(article)[0].comment


def test_withdrawn_article_keeps_its_first_date_and_says_why():
    article = go(journal.make_article(), "submit", "proof", "publish")
    first = article.published_at
    with pytest.raises(ValidationError, match="почему"):
        go(article, "withdraw")
    article = go(article, "withdraw", comment="Ошибка в числе.")
    assert go(article, "publish").published_at == first


def test_lock_names_its_holder_and_runs_out():
    article, one, two = journal.make_article(), journal.chief_editor(), journal.chief_editor()
    locks.take_lock(article=article, by=one)
    with pytest.raises(locks.Locked) as caught:
        locks.take_lock(article=article, by=two)
    assert caught.value.holder == one
    with pytest.raises(locks.Locked):
        articles.save_article(article=article, changes={"title": "Моё"}, seen=1, by=two)
    Article.objects.update(locked_at=timezone.now() - timedelta(minutes=16))
    locks.take_lock(article=article, by=two)
    locks.release_lock(article=article, by=one)
    article.refresh_from_db()
    assert locks.holder_of(article) == two


def test_text_saved_meanwhile_is_not_overwritten(client):
    article, chief = journal.make_article(), journal.chief_editor()
    articles.save_article(article=article, changes={"title": "Первый"}, seen=1, by=chief)
    people.sign_in(client, chief)
    fields = {"title": "Второй", "seen": 1, "rubric": article.rubric_id, "body": "<p>Моё слово</p>"}
    page = client.post(f"/cabinet/journal/{article.pk}/text/", fields).content.decode()
    assert "Ваш текст остался на странице и не записан" in page
    assert "Моё слово" in page
    article.refresh_from_db()
    assert (article.title, article.version) == ("Первый", 2)


def test_versions_are_compared_and_restored(client):
    article, chief = journal.make_article(), journal.chief_editor()
    body = journal.TEXT.replace("дальних", "ближних")
    articles.save_article(article=article, changes={"body": body}, seen=1, by=chief, note="Правка")
    people.sign_in(client, chief)
    page = client.get(f"/cabinet/journal/{article.pk}/versions/").content.decode()
    assert "<del>дальних</del>" in page
    assert "<ins>ближних</ins>" in page
    client.post(f"/cabinet/journal/{article.pk}/versions/1/restore/")
    article.refresh_from_db()
    assert (article.body, article.version) == (journal.TEXT.strip(), 3)
    assert list(article.versions.values_list("number", flat=True)) == [3, 2, 1]


def test_unchanged_text_makes_no_version():
    article, chief = journal.make_article(), journal.chief_editor()
    articles.save_article(article=article, changes={"title": article.title}, seen=1, by=chief)
    assert article.versions.count() == 1


def test_pasted_word_text_is_cleaned_with_a_message(client):
    article, chief = journal.make_article(), journal.chief_editor()
    people.sign_in(client, chief)
    fields = {
        "title": article.title, "seen": 1, "rubric": article.rubric_id, "stay": 1,
        "body": '<p class="MsoNormal">Из Word<script>x</script></p>',
    }  # fmt: skip
    page = client.post(f"/cabinet/journal/{article.pk}/text/", fields, follow=True).content.decode()
    assert "Разметка Word убрана" in page
    assert "Убраны сценарии" in page
    article.refresh_from_db()
    assert article.body == "<p>Из Word</p>"


def test_wrong_field_keeps_everything_typed(client):
    article, chief = journal.make_article(), journal.chief_editor()
    people.sign_in(client, chief)
    fields = {"title": "", "seen": 1, "rubric": article.rubric_id, "body": "<p>Долгий труд</p>"}
    page = client.post(f"/cabinet/journal/{article.pk}/text/", fields).content.decode()
    assert "Долгий труд" in page
    assert "error-summary" in page


def test_task_tells_its_assignee_and_is_closed_by_him():
    article, chief = journal.make_article(), journal.chief_editor()
    other = journal.chief_editor()
    task = route.add_task(
        article=article, title="Вычитать", assignee=other, due_on=timezone.localdate(), by=chief
    )
    assert Notification.objects.get(user=other).title == "Поручение: Вычитать"
    with pytest.raises(ValidationError):
        route.finish_task(task=task, by=journal.council_editor())
    route.finish_task(task=task, by=other)
    assert EditTask.objects.get().done_at is not None


def test_own_tasks_stand_in_the_cabinet(client):
    article, chief = journal.make_article(), journal.chief_editor()
    route.add_task(
        article=article, title="Вычитать", assignee=chief, due_on=timezone.localdate(), by=chief
    )
    people.sign_in(client, chief)
    assert "Вычитать" in client.get("/cabinet/").content.decode()


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<h3>Сразу третий</h3>", "пропускает уровень"),
        ('<p><a href="/x">здесь</a></p>', "не понять, куда она ведёт"),
        ("<table><tr><td>1</td></tr></table>", "нет строки заголовков"),
        ('<p><img src="/journal/images/x.jpg" alt=""></p>', "нет описания"),
        ("<p>" + "слово " * 40 + ".</p>", "Длинное предложение"),
    ],
)
def test_author_is_told_what_hinders_reading(html, words):
    assert [words in item.text for item in hints(html)] == [True]


def test_good_text_has_no_hints():
    html = (
        "<h2>Первый</h2><h3>Второй</h3><p>Коротко и ясно.</p>"
        '<p><a href="/x">Устав района</a></p><table><tr><th>Год</th></tr><tr><td>1</td></tr></table>'
    )
    assert hints(html) == []


def test_issue_comes_out_whole_or_not_at_all():
    chief = journal.chief_editor()
    issue = journal.make_issue(cover=journal.make_image())
    good = go(journal.make_article("Хорошая", issue=issue), "submit", "proof")
    bad = journal.make_article("Плохая", issue=issue)
    with pytest.raises(ValidationError, match="«Плохая»: черновик"):
        route.publish_issue(issue=issue, by=chief)
    good.refresh_from_db()
    assert good.state == "proof"
    go(bad, "submit", "proof")
    route.publish_issue(issue=issue, by=chief)
    assert set(issue.articles.values_list("state", flat=True)) == {"published"}
    issue.refresh_from_db()
    issue.cover.refresh_from_db()
    assert (issue.state, issue.cover.is_public) == ("published", True)


SENT = {
    "kind": "practice", "title": "Приёмная", "text": "Что сделали.\n\nЧто вышло.", "name": "Пётр",
    "email": "p@demo.example", "oktmo": "", "consent": "on", "website": "",
}  # fmt: skip


def stamped(**changes):
    opened = signing.dumps(timezone.now().timestamp() - 60, salt=SALT)
    return SENT | {"opened": opened} | changes


def test_reader_sends_a_practice_and_the_desk_answers(client):
    here = people.MunicipalityFactory()
    file = SimpleUploadedFile("опыт.pdf", b"%PDF-1.4\n%test\n")
    answer = client.post("/journal/submit/", stamped(oktmo=here.oktmo, file=file))
    assert (answer.status_code, answer["Location"]) == (302, "/journal/submit/sent/")
    sent = Contribution.objects.get()
    assert (sent.municipality, sent.region, sent.document.name) == (here, here.region, "опыт.pdf")
    chief = journal.chief_editor()
    article = contributions.accept_contribution(
        contribution=sent, rubric=journal.make_rubric(), by=chief
    )
    assert article.body == "<p>Что сделали.</p><p>Что вышло.</p>"
    with pytest.raises(TransitionNotAllowed):
        contributions.decline_contribution(contribution=sent, answer="Нет", by=chief)
    assert client.get(f"/files/{sent.document_id}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"website": "http://spam.example"}, "автоматическую отправку"),
        ({"consent": ""}, "Без согласия"),
        ({"oktmo": "00000000"}, "Такого кода ОКТМО"),
        ({"email": "x"}, "правильный адрес"),
        ({"opened": "x"}, "слишком долго"),
        ({"opened": signing.dumps(2e9, salt=SALT)}, "Слишком быстро"),
        ({"file": SimpleUploadedFile("a.exe", b"MZ\x00")}, "не принимается"),
    ],
    ids=["trap", "consent", "oktmo", "email", "stamp", "quick", "file"],
)
def test_what_is_refused_stays_on_the_page(client, changes, words):
    page = client.post("/journal/submit/", stamped(**changes)).content.decode()
    assert words in page
    assert "Что сделали.\n\nЧто вышло." in page
    assert Contribution.objects.count() == 0


def test_flood_from_one_address_is_stopped_with_the_text_kept(client):
    for _ in range(10):
        assert client.post("/journal/submit/", stamped()).status_code == 302
    page = client.post("/journal/submit/", stamped()).content.decode()
    assert "Отправьте этот через час" in page
    assert "Что вышло." in page
    assert Contribution.objects.count() == 10


def test_council_answers_for_its_region_only(client):
    here = people.MunicipalityFactory()
    client.post("/journal/submit/", stamped(oktmo=here.oktmo))
    sent = Contribution.objects.get()
    foreign = journal.council_editor("77")
    with pytest.raises(PermissionDenied):
        contributions.decline_contribution(contribution=sent, answer="Нет", by=foreign)
    people.sign_in(client, foreign)
    assert sent.title not in client.get("/cabinet/journal/contributions/").content.decode()
    own = journal.council_editor("40")
    assert (
        contributions.decline_contribution(contribution=sent, answer="Нет", by=own).answer == "Нет"
    )


def test_desk_lists_ask_the_same_for_one_and_three(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    chief = journal.chief_editor()
    people.sign_in(client, chief)

    def count(path):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    paths = [f"/cabinet/journal/{part}" for part in ("", "issues/", "images/", "contributions/")]
    counts = []
    for number in (1, 2, 3):
        article = journal.make_article(f"Статья {number}", issue=journal.make_issue(number))
        journal.make_image()
        client.post("/journal/submit/", stamped(oktmo=people.MunicipalityFactory().oktmo))
        route.add_comment(article=article, text="Слово", by=chief)
        if number != 2:
            counts.append([count(path) for path in paths])
    assert counts[0] == counts[1]


def test_duplicate_number_is_told_at_its_field_and_nothing_typed_is_lost(client):
    journal.make_issue(3, 2026)
    people.sign_in(client, journal.chief_editor())
    fields = {"year": 2026, "number": 3, "through_number": 77, "title": "Долго придуманная тема"}
    page = client.post("/cabinet/journal/issues/new/", fields).content.decode()
    assert "№\u00a03, 2026 уже есть. Проверьте год и номер." in page
    assert "Долго придуманная тема" in page
    answer = client.post("/cabinet/journal/issues/new/", fields | {"number": 4})
    assert answer.status_code == 302


def test_picture_without_words_is_refused_at_its_field(client):
    people.sign_in(client, journal.chief_editor())
    file = SimpleUploadedFile("a.jpg", journal.picture())
    fields = {
        "file": file,
        "alt": "фото 1",
        "rights": "Рисунок редакции",
        "focal_x": 50,
        "focal_y": 50,
    }
    page = client.post("/cabinet/journal/images/new/", fields).content.decode()
    assert "Опишите словами, что видно на изображении" in page
    assert "Рисунок редакции" in page
