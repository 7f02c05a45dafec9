"""One index over what each app registers."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """A public thing that can be found; rebuilt by ``search.services.rebuild_index``."""

    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    url_name = models.CharField(max_length=100)
    url_args = models.JSONField(default=list)
    vector = SearchVectorField(null=True)

    class Meta:
        verbose_name = "запись поиска"
        verbose_name_plural = "записи поиска"
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_once")]
        indexes = [GinIndex(fields=["vector"], name="search_vector")]

    def __str__(self):
        return self.title


class SearchWord(models.Model):
    """A word of the index, for suggestions when a query is misspelt."""

    word = models.CharField(max_length=100, primary_key=True)
    frequency = models.PositiveIntegerField()

    class Meta:
        verbose_name = "слово поиска"
        verbose_name_plural = "слова поиска"

    def __str__(self):
        return self.word
