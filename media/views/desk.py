"""The desk: what is under way, one article with everything on it, the text."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from media import workflow
from media.enums import ArticleState
from media.forms import (
    ArticleCreateForm,
    ArticleTextForm,
    CommentForm,
    CorrectionForm,
    ScheduleForm,
    TaskForm,
)
from media.models import Article, JournalIssue, Rubric
from media.permissions import edits_article, is_chief_editor, is_editor, works_on_article
from media.services import articles as services
from media.services import locks, route
from media.services.checklist import checklist, hints
from okmo_portal.organisations.permissions import is_auditor
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


def check_desk(request):
    """The desk's pages are for editors, and for the auditor to look at."""
    if not (is_editor(request.user) or is_auditor(request.user)):
        raise Http404


def find_article(request, pk, *, change=False):
    """An article of the person's desk; with ``change`` one that he works on. Else 404."""
    rows = Article.objects.at_desk_of(request.user)
    article = get_object_or_404(
        rows.select_related("rubric__region", "issue", "cover", "locked_by", "created_by"), pk=pk
    )
    if change and not works_on_article(request.user, article):
        raise Http404
    return article


@login_required
def article_list(request):
    check_desk(request)
    rows = Article.objects.at_desk_of(request.user).listed().select_related("locked_by")
    rows = rows.annotate(open_comments=Count("comments", filter=Q(comments__resolved_at=None)))
    state, rubric, words = (request.GET.get(name, "")[:100] for name in ("state", "rubric", "q"))
    issue = request.GET.get("issue", "")
    if state in ArticleState.values:
        rows = rows.filter(state=state)
    if rubric:
        rows = rows.filter(rubric__slug=rubric)
    if issue.isascii() and issue.isdigit() and len(issue) <= 9:
        rows = rows.filter(issue=int(issue))
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(byline__icontains=words))
    context = {
        "page": Paginator(rows.order_by("-changed_at", "-pk"), 50).get_page(
            request.GET.get("page")
        ),
        "states": ArticleState.choices,
        "state": state,
        "rubric": rubric,
        "rubrics": Rubric.objects.all(),
        "issues": JournalIssue.objects.all()[:24],
        "issue": issue,
        "words": words,
        "can_create": is_editor(request.user),
        "is_chief": is_chief_editor(request.user),
    }
    return render(request, "media/desk/article_list.html", context)


@login_required
def article_create(request):
    if not is_editor(request.user):
        raise Http404
    form = ArticleCreateForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        article = services.create_article(by=request.user, **form.cleaned_data)
        return redirect("journal_desk:article-edit", pk=article.pk)
    return render(request, "media/desk/article_create.html", {"form": form})


@login_required
def article_detail(request, pk):
    """Where it stands, what is missing, what was said, who does what until when."""
    return render_article(request, find_article(request, pk))


def render_article(request, article, *, comment_form=None, task_form=None, status=200):
    user = request.user
    works = works_on_article(user, article)
    context = {
        "article": article,
        "signatures": article.signatures.select_related("author"),
        "links": article.links.all(),
        "downloads": article.downloads.select_related("document"),
        "moves": [move for move in workflow.MOVES.values() if move.is_open_to(user, article)],
        "explained": workflow.EXPLAINED,
        "schedule_form": ScheduleForm(),
        "checks": checklist(article),
        "hints": hints(article.body),
        "comments": article.comments.select_related("by", "resolved_by"),
        "tasks": article.tasks.select_related("assignee", "by"),
        "events": StateChange.objects.of(article)[:30],
        "works": works,
        "can_edit": edits_article(user, article),
        "can_correct": is_chief_editor(user) and article.state == ArticleState.PUBLISHED,
        "holder": locks.holder_of(article),
        "comment_form": comment_form or CommentForm(),
        "task_form": task_form or TaskForm(article=article),
    }
    return render(request, "media/desk/article_detail.html", context, status=status)


@login_required
def article_edit(request, pk):
    """The text. Another's lock is named; what was typed stays on the page whatever happens."""
    article = find_article(request, pk, change=True)
    if not edits_article(request.user, article):
        messages.info(request, "На этом шаге текст меняет центральная редакция.")
        return redirect("journal_desk:article-detail", pk=pk)
    holder = None
    try:
        locks.take_lock(article=article, by=request.user)
    except locks.Locked as error:
        holder = error.holder
    form = ArticleTextForm(request.POST or None, instance=article, user=request.user)
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            return save_text(request, article, form)
        except locks.Locked as error:
            holder = error.holder
        except services.TextConflict as error:
            conflict = error.latest
        except ValidationError as error:
            form.add_error(None, error)
    context = {"article": article, "form": form, "holder": holder, "conflict": conflict}
    return render(request, "media/desk/article_edit.html", context)


def save_text(request, article, form):
    changes = dict(form.cleaned_data)
    seen, note = changes.pop("seen"), changes.pop("note")
    saved = services.save_article(
        article=article, changes=changes, seen=seen, by=request.user, note=note
    )
    for text in saved.notes:
        messages.warning(request, text)
    if "stay" in request.POST:
        messages.success(request, f"Сохранено, версия {saved.article.version}.")
        return redirect("journal_desk:article-edit", pk=article.pk)
    locks.release_lock(article=article, by=request.user)
    messages.success(request, f"Сохранено, версия {saved.article.version}. Текст свободен.")
    return redirect("journal_desk:article-detail", pk=article.pk)


@login_required
@require_POST
def article_lock(request, pk):
    """The open page renews its lock, or gives it back; answers with the holder as JSON."""
    article = find_article(request, pk, change=True)
    if not edits_article(request.user, article):
        raise Http404
    if "release" in request.POST:
        locks.release_lock(article=article, by=request.user)
        if "back" in request.POST:
            return redirect("journal_desk:article-detail", pk=pk)
        return JsonResponse({"held": False})
    try:
        locks.take_lock(article=article, by=request.user)
    except locks.Locked as error:
        return JsonResponse({"held": False, "holder": str(error.holder)})
    return JsonResponse({"held": True})


@login_required
@require_POST
def article_move(request, pk, name):
    article = find_article(request, pk)
    move = workflow.MOVES[name]
    if not move.allowed(request.user, article):
        raise Http404
    publish_at = None
    if name == "schedule":
        form = ScheduleForm(request.POST)
        publish_at = form.cleaned_data["publish_at"] if form.is_valid() else None
    try:
        route.move_article(
            article=article,
            name=name,
            by=request.user,
            comment=request.POST.get("comment", "")[:2000],
            publish_at=publish_at,
        )
        messages.success(request, f"Сделано: {move.label.lower()}.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Статья уже в другом состоянии.")
    except PermissionDenied:
        raise Http404 from None
    return redirect("journal_desk:article-detail", pk=pk)


@login_required
def article_correct(request, pk):
    """A mistake in a published article: the text put right and the note for readers in one step."""
    article = find_article(request, pk, change=True)
    if not is_chief_editor(request.user):
        raise Http404
    if article.state != ArticleState.PUBLISHED:
        messages.info(request, "Статья не опубликована: текст меняют обычным образом.")
        return redirect("journal_desk:article-detail", pk=pk)
    form = CorrectionForm(request.POST or None, initial={"body": article.body})
    if request.method == "POST" and form.is_valid():
        services.correct_article(
            article=article,
            changes={"body": form.cleaned_data["body"]},
            text=form.cleaned_data["text"],
            by=request.user,
        )
        messages.success(request, "Исправлено, читатели видят, что изменилось.")
        return redirect("journal_desk:article-detail", pk=pk)
    return render(request, "media/desk/article_correct.html", {"article": article, "form": form})
