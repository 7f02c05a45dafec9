"""The moves of articles, issues and what readers send."""

from media.enums import ArticleState, ContributionState, IssueState
from media.permissions import is_chief_editor, works_on_article
from okmo_portal.workflow.transitions import Transition


def is_chief(user, instance):
    return is_chief_editor(user)


def handles_contribution(user, contribution):
    from media.permissions import desk_region_id

    region = desk_region_id(user)
    return is_chief_editor(user) or (region is not None and contribution.region_id == region)


def _move(name, label, sources, target, allowed=is_chief):
    return Transition(name, label, frozenset(sources), target, allowed)


STATE = ArticleState
SUBMIT = _move("submit", "Передать редактору", {STATE.DRAFT}, STATE.EDITING, works_on_article)
RETURN = _move("return", "Вернуть автору", {STATE.EDITING, STATE.PROOF}, STATE.DRAFT)
PROOF = _move("proof", "Отдать в корректуру", {STATE.EDITING}, STATE.PROOF)
REWORK = _move("rework", "Вернуть редактору", {STATE.PROOF}, STATE.EDITING)
SCHEDULE = _move("schedule", "Назначить выход", {STATE.PROOF}, STATE.SCHEDULED)
UNSCHEDULE = _move("unschedule", "Отменить выход", {STATE.SCHEDULED}, STATE.PROOF)
PUBLISH = _move("publish", "Опубликовать", {STATE.PROOF, STATE.SCHEDULED}, STATE.PUBLISHED)
WITHDRAW = _move("withdraw", "Снять с публикации", {STATE.PUBLISHED}, STATE.PROOF)
#: In the order of the article's page.
MOVES = {
    move.name: move
    for move in (SUBMIT, PROOF, SCHEDULE, PUBLISH, REWORK, RETURN, UNSCHEDULE, WITHDRAW)
}
#: Moves that take something back must say why.
EXPLAINED = frozenset({"return", "rework", "withdraw"})

PUBLISH_ISSUE = _move("publish", "Выпустить номер", {IssueState.PLANNED}, IssueState.PUBLISHED)

ACCEPT = _move(
    "accept",
    "Принять и сделать черновик",
    {ContributionState.NEW},
    ContributionState.ACCEPTED,
    handles_contribution,
)
DECLINE = _move(
    "decline",
    "Отклонить с ответом",
    {ContributionState.NEW},
    ContributionState.DECLINED,
    handles_contribution,
)
