from django.urls import path, re_path

from media.views import contribution, desk, issue, parts, versions

app_name = "journal_desk"

urlpatterns = [
    path("", desk.article_list, name="article-list"),
    path("new/", desk.article_create, name="article-create"),
    path("<int:pk>/", desk.article_detail, name="article-detail"),
    path("<int:pk>/text/", desk.article_edit, name="article-edit"),
    path("<int:pk>/lock/", desk.article_lock, name="article-lock"),
    re_path(
        r"^(?P<pk>\d+)/move/(?P<name>submit|proof|schedule|publish|rework|return|unschedule|withdraw)/$",
        desk.article_move,
        name="article-move",
    ),
    path("<int:pk>/correct/", desk.article_correct, name="article-correct"),
    path("<int:pk>/authors/", parts.article_authors, name="article-authors"),
    path("<int:pk>/links/", parts.article_links, name="article-links"),
    path("<int:pk>/files/", parts.article_files, name="article-files"),
    path("files/<int:pk>/remove/", parts.file_remove, name="file-remove"),
    path("<int:pk>/comments/", parts.comment_add, name="comment-add"),
    path("comments/<int:pk>/resolve/", parts.comment_resolve, name="comment-resolve"),
    path("<int:pk>/tasks/", parts.task_add, name="task-add"),
    path("tasks/<int:pk>/done/", parts.task_done, name="task-done"),
    path("<int:pk>/versions/", versions.version_list, name="version-list"),
    path(
        "<int:pk>/versions/<int:number>/restore/", versions.version_restore, name="version-restore"
    ),
    path("images/", parts.image_list, name="image-list"),
    path("images/new/", parts.image_create, name="image-create"),
    path("issues/", issue.issue_list, name="issue-list"),
    path("issues/new/", issue.issue_create, name="issue-create"),
    path("issues/<int:pk>/", issue.issue_edit, name="issue-edit"),
    path("issues/<int:pk>/order/", issue.issue_order, name="issue-order"),
    path("issues/<int:pk>/publish/", issue.issue_publish, name="issue-publish"),
    path("contributions/", contribution.contribution_list, name="contribution-list"),
    path("contributions/<int:pk>/", contribution.contribution_detail, name="contribution-detail"),
    re_path(
        r"^contributions/(?P<pk>\d+)/(?P<action>accept|decline)/$",
        contribution.contribution_decide,
        name="contribution-decide",
    ),
]
