"""Two full issues of the journal with invented authors, and a draft in each state."""


def load(*, scale: str) -> None:
    return None
