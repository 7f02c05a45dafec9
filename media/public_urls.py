from django.urls import path, re_path

from media import feeds
from media.views import book, contribution, image, public

app_name = "media"

urlpatterns = [
    path("", public.archive, name="archive"),
    path("articles/", public.article_list, name="article-list"),
    path("article/<slug:slug>/", public.article_detail, name="article-detail"),
    path("<int:year>/<int:number>/", public.issue_detail, name="issue-detail"),
    path("<int:year>/<int:number>/issue.epub", book.issue_epub, name="issue-epub"),
    path("authors/<slug:slug>/", public.author_detail, name="author-detail"),
    path("rubrics/<slug:slug>/", public.rubric_detail, name="rubric-detail"),
    path("acts/<slug:slug>/", public.act_detail, name="act-detail"),
    path("about/<slug:kind>/<str:key>/", public.about_object, name="about-object"),
    re_path(
        r"^images/(?P<pk>[0-9a-f-]{36})/(?P<name>w\d{1,4}|card|social)\.jpg$",
        image.image_file,
        name="image-file",
    ),
    path("feed/rss.xml", feeds.ArticlesRss(), name="feed-rss"),
    path("feed/atom.xml", feeds.ArticlesAtom(), name="feed-atom"),
    path("rubrics/<slug:slug>/rss.xml", feeds.RubricRss(), name="rubric-rss"),
    path("submit/", contribution.contribution_create, name="contribution-create"),
    path("submit/sent/", contribution.contribution_sent, name="contribution-sent"),
]
