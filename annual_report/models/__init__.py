"""Catalogue, campaign, filed forms, snapshots and reports."""

from annual_report.models.campaign import (
    Answer,
    AnswerRevision,
    Campaign,
    CellReturn,
    Correction,
    CorrectionCell,
    Explanation,
    Extension,
    ReminderStep,
    Submission,
)
from annual_report.models.catalogue import Indicator, IndicatorVersion, LegalBasis, Section
from annual_report.models.form import ControlRule, FieldMove, Form, FormField
from annual_report.models.observation import (
    Dataset,
    ImportMapping,
    Observation,
    ObservationImport,
)
from annual_report.models.report import Report, ReportChapter, ReportFigure, Snapshot

__all__ = [
    "Answer",
    "AnswerRevision",
    "Campaign",
    "CellReturn",
    "ControlRule",
    "Correction",
    "CorrectionCell",
    "Dataset",
    "Explanation",
    "Extension",
    "FieldMove",
    "Form",
    "FormField",
    "ImportMapping",
    "Indicator",
    "IndicatorVersion",
    "LegalBasis",
    "Observation",
    "ObservationImport",
    "ReminderStep",
    "Report",
    "ReportChapter",
    "ReportFigure",
    "Section",
    "Snapshot",
    "Submission",
]
