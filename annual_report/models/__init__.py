"""Catalogue, campaign, filed forms, snapshots and reports."""

from annual_report.models.campaign import Answer, Campaign, Explanation, Submission
from annual_report.models.catalogue import ControlRule, Form, FormField, Indicator, Section
from annual_report.models.observation import (
    Dataset,
    ImportMapping,
    Observation,
    ObservationImport,
)
from annual_report.models.report import Report, ReportChapter, ReportFigure, Snapshot

__all__ = [
    "Answer",
    "Campaign",
    "ControlRule",
    "Dataset",
    "Explanation",
    "Form",
    "FormField",
    "ImportMapping",
    "Indicator",
    "Observation",
    "ObservationImport",
    "Report",
    "ReportChapter",
    "ReportFigure",
    "Section",
    "Snapshot",
    "Submission",
]
