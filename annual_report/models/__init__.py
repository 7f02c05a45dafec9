"""Catalogue, campaign, filed forms, snapshots and reports."""

from annual_report.models.campaign import Answer, Campaign, Explanation, Submission
from annual_report.models.catalogue import ControlRule, Form, FormField, Indicator, Section
from annual_report.models.report import Report, ReportChapter, ReportFigure, Snapshot

__all__ = [
    "Answer",
    "Campaign",
    "ControlRule",
    "Explanation",
    "Form",
    "FormField",
    "Indicator",
    "Report",
    "ReportChapter",
    "ReportFigure",
    "Section",
    "Snapshot",
    "Submission",
]
