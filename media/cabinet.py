"""What the home page, the cabinet, the search and the documents ask of the journal."""

from django.db.models import Count, Q
from django.urls import reverse

from media.enums import ArticleState, ContributionState
from media.models import Article, Contribution, EditTask, JournalIssue
from media.permissions import desk_region_id, is_chief_editor, is_editor
from media.sanitise import plain_text
from media.selectors import issue_contents, latest_issue
from okmo_portal.core.registry import CabinetTask
from okmo_portal.core.text import counted
from okmo_portal.organisations.permissions import is_auditor


def home_card(request):
    """The latest issue with the first articles of its contents."""
    issue = latest_issue()
    if issue is None:
        return None
    return {
        "template": "media/_home_card.html",
        "issue": issue,
        "articles": issue_contents(issue)[:4],
    }


def tasks(request):
    """Own tasks of the desk, and what waits for the person's decision."""
    user = request.user
    for task in EditTask.objects.filter(assignee=user, done_at=None).select_related("article"):
        yield CabinetTask(
            title=task.title,
            text=f"Статья «{task.article.title}»",
            url=reverse("journal_desk:article-detail", args=[task.article_id]),
            action="Открыть",
            due=task.due_on,
        )
    if not is_editor(user):
        return
    sent = Contribution.objects.visible_to(user).filter(state=ContributionState.NEW).count()
    if sent:
        yield CabinetTask(
            title=f"Ответить читателям журнала: {counted(sent, 'материал ждёт,материала ждут,материалов ждут')}",
            url=f"{reverse('journal_desk:contribution-list')}?state=new",
            action="Прочитать",
        )
    if is_chief_editor(user):
        waiting = Article.objects.filter(state=ArticleState.EDITING).count()
        if waiting:
            yield CabinetTask(
                title=f"Отредактировать: {counted(waiting, 'статья ждёт,статьи ждут,статей ждут')}",
                url=f"{reverse('journal_desk:article-list')}?state=editing",
                action="Открыть",
            )


def section(request):
    user = request.user
    if not (is_editor(user) or is_auditor(user)):
        return None
    counts = Article.objects.at_desk_of(user).aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in ArticleState.values}
    )
    return {
        "template": "media/_cabinet_section.html",
        "states": [(state, state.label, counts[state]) for state in ArticleState],
        "is_chief": is_chief_editor(user),
    }


def article_rows():
    """Published articles for the search index: words of title, lead, text and authors."""
    rows = Article.objects.published().order_by("pk")
    for row in rows.iterator(chunk_size=500):
        text = " ".join([row.lead, row.byline, plain_text(row.body)])
        yield str(row.pk), row.title, text[:100_000], "media:article-detail", (row.slug,)


def issue_rows():
    for row in JournalIssue.objects.published():
        title = f"Муниципальная Россия № {row.numbers} за {row.year} год"
        text = f"{row.title} {plain_text(row.editorial)}"
        yield str(row.pk), title, text, "media:issue-detail", (row.year, row.number)


def can_read_download(user, subject_id):
    """Files of a published article are everybody's; before that the desk's."""
    return Article.objects.visible_to(user).filter(pk=_number(subject_id)).exists()


def can_read_contribution(user, subject_id):
    rows = Contribution.objects.filter(pk=_number(subject_id))
    if rows.visible_to(user).exists():
        return True
    return bool(user.is_authenticated and rows.filter(by=user).exists())


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def desk_place(user) -> str:
    """For headings: which desk the person sits at."""
    return "центральная редакция" if desk_region_id(user) is None else "редакция совета"
