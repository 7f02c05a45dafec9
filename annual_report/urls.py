from django.urls import path, re_path

from annual_report.views import (
    board,
    bulk,
    burden,
    campaign,
    chapter,
    correction,
    extension,
    filling,
    history,
    missing,
    observation,
    peers,
    proposal,
    report,
    review,
    rule,
    submission,
    workbook,
    workbook_set,
)

app_name = "annual_report"

urlpatterns = [
    # --- filling the form
    path("forms/", submission.submission_list, name="submission-list"),
    path("forms/<int:pk>/", submission.submission_detail, name="submission-detail"),
    path("forms/<int:pk>/all/", filling.submission_form, name="submission-form"),
    path(
        "forms/<int:pk>/section/<str:code>/", filling.submission_section, name="submission-section"
    ),
    path("forms/<int:pk>/answer/", filling.answer_save, name="answer-save"),
    path("forms/<int:pk>/check/", filling.submission_check, name="submission-check"),
    path("forms/<int:pk>/certify/", submission.submission_certify, name="submission-certify"),
    path(
        "forms/<int:pk>/certified.txt", submission.submission_certified, name="submission-certified"
    ),
    path("forms/<int:pk>/sent/", submission.submission_sent, name="submission-sent"),
    path("forms/<int:pk>/take-back/", submission.submission_take_back, name="submission-take-back"),
    path("forms/<int:pk>/withdraw/", submission.submission_withdraw, name="submission-withdraw"),
    # --- workbooks
    path("forms/<int:pk>/workbook/", workbook.workbook_download, name="workbook-download"),
    path("forms/<int:pk>/workbook/upload/", workbook.workbook_upload, name="workbook-upload"),
    path("workbooks/", workbook_set.workbook_list, name="workbook-list"),
    path("workbooks/make/", workbook_set.workbook_make, name="workbook-make"),
    path("workbooks/send/", workbook_set.workbook_send, name="workbook-send"),
    path("workbooks/batch/<uuid:pk>/", workbook_set.workbook_batch, name="workbook-batch"),
    path("workbooks/intake/<uuid:pk>/", workbook_set.workbook_intake, name="workbook-intake"),
    path("workbooks/<uuid:pk>/", workbook.workbook_answer, name="workbook-answer"),
    path("workbooks/<uuid:pk>/accept/", workbook.workbook_accept, name="workbook-accept"),
    path("workbooks/<uuid:pk>/errors/", workbook.workbook_errors, name="workbook-errors"),
    # --- corrections and proposals
    path("corrections/", correction.correction_list, name="correction-list"),
    path("forms/<int:pk>/correct/", correction.correction_create, name="correction-create"),
    path("corrections/<int:pk>/", correction.correction_detail, name="correction-detail"),
    re_path(
        r"^corrections/(?P<pk>\d+)/(?P<action>apply|refuse)/$",
        correction.correction_decide,
        name="correction-decide",
    ),
    path("proposals/", proposal.proposal_list, name="proposal-list"),
    path("proposals/new/", proposal.proposal_create, name="proposal-create"),
    path("proposals/<int:pk>/", proposal.proposal_review, name="proposal-review"),
    re_path(
        r"^proposals/(?P<pk>\d+)/(?P<action>include|decline|send|answer)/$",
        proposal.proposal_decide,
        name="proposal-decide",
    ),
    #
    # --- review
    path("review/", review.review_list, name="review-list"),
    path("review/missing/", missing.missing_list, name="missing-list"),
    path("review/phones.csv", missing.review_phones, name="review-phones"),
    path("review/<int:pk>/call/", missing.call_note, name="call-note"),
    path("review/bulk/", bulk.bulk_list, name="bulk-list"),
    path("review/bulk/start/", bulk.bulk_start, name="bulk-start"),
    path("review/bulk/<int:pk>/", bulk.bulk_detail, name="bulk-detail"),
    path("review/bulk/<int:pk>/forms.csv", bulk.bulk_download, name="bulk-download"),
    path("review/extensions/", extension.extension_list, name="extension-list"),
    path("review/extensions/<int:pk>/remove/", extension.extension_remove, name="extension-remove"),
    path("review/<int:pk>/extend/", extension.extension_add, name="extension-add"),
    path("forms/<int:pk>/history/", history.history, name="history"),
    path("forms/<int:pk>/history.csv", history.history_download, name="history-download"),
    path("review/<int:pk>/", review.review_detail, name="review-detail"),
    re_path(
        r"^review/(?P<pk>\d+)/(?P<action>approve|return|reopen|accept|send_back)/$",
        review.review_decide,
        name="review-decide",
    ),
    # --- control rules
    path("rules/", rule.rule_list, name="rule-list"),
    path("rules/rules.csv", rule.rule_download, name="rule-download"),
    path("rules/try/", rule.rule_try, name="rule-try"),
    path("rules/run/<int:campaign>/", rule.rule_run, name="rule-run"),
    path("rules/<int:pk>/", rule.rule_detail, name="rule-detail"),
    path("rules/<int:pk>/forms.csv", rule.rule_detail_download, name="rule-detail-download"),
    # --- campaign: board, extensions, reminders, burden
    path("campaigns/", campaign.campaign_list, name="campaign-list"),
    path("campaigns/new/", campaign.campaign_create, name="campaign-create"),
    path("campaigns/<int:pk>/", campaign.campaign_detail, name="campaign-detail"),
    path("campaigns/<int:pk>/edit/", campaign.campaign_edit, name="campaign-edit"),
    re_path(
        r"^campaigns/(?P<pk>\d+)/(?P<action>open|close|reopen)/$",
        campaign.campaign_act,
        name="campaign-act",
    ),
    path("campaigns/<int:pk>/reminders/", campaign.reminder_list, name="reminder-list"),
    path("reminders/<int:pk>/remove/", campaign.reminder_remove, name="reminder-remove"),
    path("board/", board.board, name="board"),
    path("burden/", burden.burden, name="burden"),
    path("burden/burden.csv", burden.burden_download, name="burden-download"),
    path("board/regions.csv", board.board_download, name="board-download"),
    path("board/forms.csv", board.board_forms, name="board-forms"),
    path("board/accept/", board.acceptance, name="acceptance"),
    # --- observations: import and mappings
    path("observations/", observation.observation_list, name="observation-list"),
    path("observations/upload/", observation.observation_upload, name="observation-upload"),
    path("observations/<int:pk>/", observation.observation_import, name="observation-import"),
    path(
        "observations/<int:pk>/mapping/",
        observation.observation_mapping,
        name="observation-mapping",
    ),
    path(
        "observations/<int:pk>/rejected.csv",
        observation.observation_rejected,
        name="observation-rejected",
    ),
    re_path(
        r"^observations/(?P<pk>\d+)/(?P<action>choose|check|take)/$",
        observation.observation_act,
        name="observation-act",
    ),
    # --- analysis: pivot, peers, quality
    path("forms/<int:pk>/benchmark/", peers.benchmark, name="benchmark"),
    #
    # --- making the report
    path("reports/", report.report_manage_list, name="report-manage-list"),
    path("reports/<int:year>/", report.report_manage, name="report-manage"),
    path("reports/<int:year>/chapters/", chapter.chapter_list, name="chapter-list"),
    path("reports/<int:year>/chapters/confirm/", chapter.chapter_confirm, name="chapter-confirm"),
    path("chapters/<int:pk>/", chapter.chapter_edit, name="chapter-edit"),
    re_path(
        r"^reports/(?P<year>\d+)/(?P<action>prepare|snapshot|build|review|approve|return|publish|unpublish)/$",
        report.report_act,
        name="report-act",
    ),
]
