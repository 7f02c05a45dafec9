"""The moves of campaigns, submissions and reports."""

from annual_report.enums import (
    CampaignState,
    CorrectionState,
    ImportState,
    ProposalState,
    ReportState,
    SubmissionState,
)
from annual_report.permissions import (
    applies_correction,
    certifies_submission,
    decides_correction,
    edits_submission,
    manage_reports,
    review_submission,
    takes_forms,
)
from okmo_portal.workflow.transitions import Transition


def manages(user, instance):
    return manage_reports(user)


OPEN_CAMPAIGN = Transition(
    name="open",
    label="Открыть сбор",
    sources=frozenset({CampaignState.DRAFT}),
    target=CampaignState.OPEN,
    allowed=manages,
)
CLOSE_CAMPAIGN = Transition(
    name="close",
    label="Закрыть сбор",
    sources=frozenset({CampaignState.OPEN}),
    target=CampaignState.CLOSED,
    allowed=manages,
)
REOPEN_CAMPAIGN = Transition(
    name="reopen",
    label="Открыть сбор снова",
    sources=frozenset({CampaignState.CLOSED}),
    target=CampaignState.OPEN,
    allowed=manages,
)
START = Transition(
    name="start",
    label="Начато заполнение",
    sources=frozenset({SubmissionState.NOT_STARTED}),
    target=SubmissionState.DRAFT,
    allowed=edits_submission,
)
SUBMIT = Transition(
    name="submit",
    label="Отправить в совет",
    sources=frozenset({SubmissionState.DRAFT, SubmissionState.PREPARED, SubmissionState.RETURNED}),
    target=SubmissionState.SUBMITTED,
    allowed=certifies_submission & takes_forms,
)
PREPARE = Transition(
    name="prepare",
    label="Передать главе на подпись",
    sources=frozenset({SubmissionState.DRAFT, SubmissionState.RETURNED}),
    target=SubmissionState.PREPARED,
    allowed=edits_submission & takes_forms,
)
TAKE_BACK = Transition(
    name="take_back",
    label="Вернуть на доработку исполнителю",
    sources=frozenset({SubmissionState.PREPARED}),
    target=SubmissionState.DRAFT,
    allowed=edits_submission & takes_forms,
)
WITHDRAW = Transition(
    name="withdraw",
    label="Отозвать на правку",
    sources=frozenset({SubmissionState.SUBMITTED}),
    target=SubmissionState.DRAFT,
    allowed=edits_submission & takes_forms,
)
CLOSE_FORM = Transition(
    name="close_form",
    label="Закрыта: муниципалитет преобразован",
    sources=frozenset(
        {
            SubmissionState.NOT_STARTED,
            SubmissionState.DRAFT,
            SubmissionState.PREPARED,
            SubmissionState.RETURNED,
        }
    ),
    target=SubmissionState.CLOSED,
    allowed=manages,
)
#: After a transformation that was entered wrongly: as begun, or as nobody had touched it.
REVIVE_FORM = Transition(
    name="revive_form",
    label="Снова открыта: запись о преобразовании отменена",
    sources=frozenset({SubmissionState.CLOSED}),
    target=SubmissionState.DRAFT,
    allowed=manages,
)
REVIVE_UNTOUCHED = Transition(
    name="revive_form",
    label="Снова открыта: запись о преобразовании отменена",
    sources=frozenset({SubmissionState.CLOSED}),
    target=SubmissionState.NOT_STARTED,
    allowed=manages,
)
APPROVE = Transition(
    name="approve",
    label="Утвердить",
    sources=frozenset({SubmissionState.SUBMITTED}),
    target=SubmissionState.APPROVED,
    allowed=review_submission,
)
RETURN = Transition(
    name="return",
    label="Вернуть на доработку",
    sources=frozenset({SubmissionState.SUBMITTED}),
    target=SubmissionState.RETURNED,
    allowed=review_submission,
)
REOPEN = Transition(
    name="reopen",
    label="Снять утверждение",
    sources=frozenset({SubmissionState.APPROVED}),
    target=SubmissionState.RETURNED,
    allowed=review_submission,
)
ACCEPT = Transition(
    name="accept",
    label="Принять в Конгрессе",
    sources=frozenset({SubmissionState.APPROVED}),
    target=SubmissionState.ACCEPTED,
    allowed=manages,
)
SEND_BACK = Transition(
    name="send_back",
    label="Вернуть в совет",
    sources=frozenset({SubmissionState.APPROVED, SubmissionState.ACCEPTED}),
    target=SubmissionState.SUBMITTED,
    allowed=manages,
)
APPLY_CORRECTION = Transition(
    name="apply_correction",
    label="Внести исправление",
    sources=frozenset({CorrectionState.PROPOSED}),
    target=CorrectionState.APPLIED,
    allowed=applies_correction,
)
REFUSE_CORRECTION = Transition(
    name="refuse_correction",
    label="Отклонить исправление",
    sources=frozenset({CorrectionState.PROPOSED}),
    target=CorrectionState.REFUSED,
    allowed=decides_correction,
)
INCLUDE_PROPOSAL = Transition(
    name="include",
    label="Включить в доклад",
    sources=frozenset({ProposalState.NEW, ProposalState.DECLINED}),
    target=ProposalState.INCLUDED,
    allowed=manages,
)
DECLINE_PROPOSAL = Transition(
    name="decline",
    label="Не включать в доклад",
    sources=frozenset({ProposalState.NEW}),
    target=ProposalState.DECLINED,
    allowed=manages,
)
SEND_PROPOSAL = Transition(
    name="send",
    label="Направлено в Правительство",
    sources=frozenset({ProposalState.INCLUDED}),
    target=ProposalState.SENT,
    allowed=manages,
)
ANSWER_PROPOSAL = Transition(
    name="answer",
    label="Записать ответ",
    sources=frozenset({ProposalState.SENT, ProposalState.ANSWERED}),
    target=ProposalState.ANSWERED,
    allowed=manages,
)
FINISH_BUILD = Transition(
    name="finish_build",
    label="Доклад собран",
    sources=frozenset({ReportState.APPROVED, ReportState.READY}),
    target=ReportState.READY,
    allowed=manages,
)
REWORK = Transition(
    name="rework",
    label="Данные или главы изменены, PDF нужно собрать заново",
    sources=frozenset({ReportState.REVIEW, ReportState.APPROVED, ReportState.READY}),
    target=ReportState.DRAFT,
    allowed=manages,
)
SEND_TO_REVIEW = Transition(
    name="send_to_review",
    label="Отправить на согласование",
    sources=frozenset({ReportState.DRAFT}),
    target=ReportState.REVIEW,
    allowed=manages,
)
APPROVE_REPORT = Transition(
    name="approve_report",
    label="Согласовать и заморозить",
    sources=frozenset({ReportState.REVIEW}),
    target=ReportState.APPROVED,
    allowed=manages,
)
RETURN_REPORT = Transition(
    name="return_report",
    label="Вернуть в работу",
    sources=frozenset({ReportState.REVIEW, ReportState.APPROVED, ReportState.READY}),
    target=ReportState.DRAFT,
    allowed=manages,
)
PUBLISH = Transition(
    name="publish",
    label="Опубликовать",
    sources=frozenset({ReportState.READY}),
    target=ReportState.PUBLISHED,
    allowed=manages,
)
UNPUBLISH = Transition(
    name="unpublish",
    label="Снять с публикации",
    sources=frozenset({ReportState.PUBLISHED}),
    target=ReportState.READY,
    allowed=manages,
)
# --- observations
CHECK_IMPORT = Transition(
    name="check_import",
    label="Файл проверен",
    sources=frozenset({ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED}),
    target=ImportState.CHECKED,
    allowed=manages,
)
TAKE_IMPORT = Transition(
    name="take_import",
    label="Наблюдения приняты",
    sources=frozenset({ImportState.UPLOADED, ImportState.CHECKED}),
    target=ImportState.DONE,
    allowed=manages,
)
FAIL_IMPORT = Transition(
    name="fail_import",
    label="Файл не принят",
    sources=frozenset({ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED}),
    target=ImportState.FAILED,
    allowed=manages,
)
REMAP_IMPORT = Transition(
    name="remap_import",
    label="Выбрано сопоставление",
    sources=frozenset({ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED}),
    target=ImportState.UPLOADED,
    allowed=manages,
)
