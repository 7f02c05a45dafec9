"""Catalogue, campaign, filed forms, snapshots and reports."""

from annual_report.models.campaign import (
    Answer,
    Campaign,
    Explanation,
    FormOrigin,
    Submission,
)
from annual_report.models.catalogue import (
    CatalogueStamp,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Section,
)
from annual_report.models.form import ControlRule, FieldMove, Form, FormField
from annual_report.models.observation import (
    Dataset,
    ImportMapping,
    Observation,
    ObservationImport,
)
from annual_report.models.proposal import Proposal
from annual_report.models.report import (
    Report,
    ReportChapter,
    ReportFigure,
    ReportFile,
    Snapshot,
)
from annual_report.models.review import (
    AnswerRevision,
    BulkItem,
    BulkRun,
    CellReturn,
    ContactNote,
    Correction,
    CorrectionCell,
    Extension,
    ReminderRun,
    ReminderStep,
)
from annual_report.models.rule_run import RuleFinding, RuleRun, RuleTally
from annual_report.models.workbook import (
    WorkbookAcceptance,
    WorkbookBatch,
    WorkbookBundle,
    WorkbookIntake,
    WorkbookIntakeFile,
    WorkbookUpload,
)

__all__ = [
    "Answer",
    "AnswerRevision",
    "BulkItem",
    "BulkRun",
    "Campaign",
    "CatalogueStamp",
    "CellReturn",
    "ContactNote",
    "ControlRule",
    "Correction",
    "CorrectionCell",
    "Dataset",
    "Explanation",
    "Extension",
    "FieldMove",
    "Form",
    "FormField",
    "FormOrigin",
    "ImportMapping",
    "Indicator",
    "IndicatorVersion",
    "LegalBasis",
    "Observation",
    "ObservationImport",
    "Proposal",
    "ReminderRun",
    "ReminderStep",
    "Report",
    "ReportChapter",
    "ReportFigure",
    "ReportFile",
    "RuleFinding",
    "RuleRun",
    "RuleTally",
    "Section",
    "Snapshot",
    "Submission",
    "WorkbookAcceptance",
    "WorkbookBatch",
    "WorkbookBundle",
    "WorkbookIntake",
    "WorkbookIntakeFile",
    "WorkbookUpload",
]
