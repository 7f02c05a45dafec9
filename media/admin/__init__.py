"""The chief editor's registers; texts are written in the cabinet."""

from media.admin import articles, library

__all__ = ["articles", "library"]
