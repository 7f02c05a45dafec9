"""What hangs on an article: authors, links, files, comments, tasks; and the pictures."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from media import links
from media.forms import AuthorFormSet, CommentForm, FileForm, ImageForm, LinksForm, TaskForm
from media.models import Article, ArticleComment, Download, EditTask, Image
from media.permissions import edits_article, is_chief_editor, is_editor, works_on_article
from media.services import articles as services
from media.services import images as image_services
from media.services import links as link_services
from media.services import route
from media.views.desk import check_desk, find_article, render_article
from okmo_portal.documents.services import store_document


def find_editable(request, pk):
    """Parts are changed by whoever may change the text, and by the central desk at any time."""
    article = find_article(request, pk, change=True)
    if not (edits_article(request.user, article) or is_chief_editor(request.user)):
        raise Http404
    return article


@login_required
def article_authors(request, pk):
    article = find_article(request, pk, change=True)
    current = [
        {"author": row.author_id, "position": row.position} for row in article.signatures.all()
    ]
    forms = AuthorFormSet(request.POST or None, initial=current, prefix="author")
    if request.method == "POST":
        find_editable(request, pk)
        if forms.is_valid():
            rows = [
                (form.cleaned_data["author"], form.cleaned_data.get("position", ""))
                for form in forms
                if form.cleaned_data.get("author")
            ]
            try:
                services.set_authors(article=article, authors=rows)
                messages.success(request, "Авторы сохранены.")
                return redirect("journal_desk:article-detail", pk=pk)
            except ValidationError as error:
                messages.error(request, error.messages[0])
    return render(request, "media/desk/article_authors.html", {"article": article, "forms": forms})


@login_required
def article_links(request, pk):
    article = find_article(request, pk, change=True)
    current: dict[str, list[str]] = {}
    for row in article.links.all():
        current.setdefault(row.kind, []).append(row.key)
    kinds = links.all_kinds()
    form = LinksForm(request.POST or None, kinds=kinds, current=current)
    if request.method == "POST" and form.is_valid():
        find_editable(request, pk)
        if set_all_links(article, form, kinds):
            messages.success(request, "Связи сохранены.")
            return redirect("journal_desk:article-detail", pk=pk)
    return render(request, "media/desk/article_links.html", {"article": article, "form": form})


def set_all_links(article, form, kinds) -> bool:
    """All kinds or none; the errors are told at their fields."""
    with transaction.atomic():
        for kind in kinds:
            try:
                link_services.set_links(article=article, kind=kind.key, keys=form.keys_of(kind.key))
            except ValidationError as error:
                form.add_error(kind.key, error)
        if form.errors:
            transaction.set_rollback(True)
    return not form.errors


@login_required
def article_files(request, pk):
    article = find_article(request, pk, change=True)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        find_editable(request, pk)
        if form.is_valid():
            try:
                add_file(article, form.cleaned_data, request.user)
            except ValidationError as error:
                form.add_error("file", error)
            else:
                messages.success(request, "Файл добавлен.")
                return redirect("journal_desk:article-files", pk=pk)
    context = {
        "article": article,
        "form": form,
        "downloads": article.downloads.select_related("document"),
    }
    return render(request, "media/desk/article_files.html", context)


@transaction.atomic
def add_file(article, fields, user):
    document = store_document(file=fields["file"], by=user, subject=article)
    article.downloads.create(
        document=document,
        kind=fields["kind"],
        title=fields["title"],
        order=article.downloads.count(),
    )


@login_required
@require_POST
def file_remove(request, pk):
    download = get_object_or_404(Download, pk=pk)
    article = find_editable(request, download.article_id)
    download.delete()
    messages.success(request, "Файл убран из статьи.")
    return redirect("journal_desk:article-files", pk=article.pk)


@login_required
@require_POST
def comment_add(request, pk):
    article = find_article(request, pk, change=True)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return render_article(request, article, comment_form=form)
    route.add_comment(article=article, by=request.user, **form.cleaned_data)
    messages.success(request, "Замечание записано.")
    return redirect("journal_desk:article-detail", pk=pk)


@login_required
@require_POST
def comment_resolve(request, pk):
    rows = ArticleComment.objects.filter(article__in=Article.objects.at_desk_of(request.user))
    comment = get_object_or_404(rows.select_related("article__rubric"), pk=pk)
    if not works_on_article(request.user, comment.article):
        raise Http404
    route.resolve_comment(comment=comment, by=request.user)
    return redirect("journal_desk:article-detail", pk=comment.article_id)


@login_required
@require_POST
def task_add(request, pk):
    article = find_article(request, pk, change=True)
    form = TaskForm(request.POST, article=article)
    if not form.is_valid():
        return render_article(request, article, task_form=form)
    route.add_task(article=article, by=request.user, **form.cleaned_data)
    messages.success(request, "Поручение дано, исполнитель получит уведомление.")
    return redirect("journal_desk:article-detail", pk=pk)


@login_required
@require_POST
def task_done(request, pk):
    rows = EditTask.objects.filter(article__in=Article.objects.at_desk_of(request.user))
    task = get_object_or_404(rows, pk=pk)
    try:
        route.finish_task(task=task, by=request.user)
    except ValidationError:
        raise Http404 from None
    return redirect("journal_desk:article-detail", pk=task.article_id)


@login_required
def image_list(request):
    check_desk(request)
    words = request.GET.get("q", "")[:100]
    rows = Image.objects.all()
    if words:
        rows = rows.filter(Q(alt__icontains=words) | Q(caption__icontains=words))
    context = {
        "page": Paginator(rows, 24).get_page(request.GET.get("page")),
        "words": words,
        "can_add": is_editor(request.user),
    }
    return render(request, "media/desk/image_list.html", context)


@login_required
def image_create(request):
    if not is_editor(request.user):
        raise Http404
    form = ImageForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        try:
            image_services.add_image(content=fields.pop("file").read(), by=request.user, **fields)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied:
            raise Http404 from None
        else:
            messages.success(request, "Изображение в библиотеке.")
            return redirect("journal_desk:image-list")
    return render(request, "media/desk/image_create.html", {"form": form})
