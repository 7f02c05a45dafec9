"""What the last run of all rules over a campaign found; written by ``services.rule_runs``."""

from django.conf import settings
from django.db import models

from annual_report.models.campaign import Campaign, Submission
from annual_report.models.form import ControlRule
from annual_report.querysets import RuleFindingQuerySet
from okmo_portal.organisations.models import Region


class RuleRun(models.Model):
    """The last run of a campaign; the next one takes its place. ``forms`` had been begun then."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="rule_run")
    at = models.DateTimeField("проверено")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    forms = models.PositiveIntegerField("форм")
    rules = models.PositiveIntegerField("соотношений")
    #: Pairs of code and reason: rules and formulas that could not be read.
    unreadable = models.JSONField(default=list)

    class Meta:
        verbose_name = "проверка кампании"
        verbose_name_plural = "проверки кампаний"

    def __str__(self):
        return f"{self.campaign}: {self.at:%d.%m.%Y %H:%M}"


class RuleTally(models.Model):
    """How many forms of a region keep and break one rule.

    ``broken`` includes ``explained``; ``unknown`` had no verdict. ``is_filed`` parts what the
    municipality has sent from what it is still filling.
    """

    run = models.ForeignKey(RuleRun, on_delete=models.CASCADE, related_name="tallies")
    rule = models.ForeignKey(ControlRule, on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    is_filed = models.BooleanField()
    held = models.PositiveIntegerField()
    broken = models.PositiveIntegerField()
    explained = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "rule", "region", "is_filed"], name="rule_tally_once"
            ),
            models.CheckConstraint(
                condition=models.Q(explained__lte=models.F("broken")),
                name="rule_tally_explained_are_broken",
            ),
        ]

    def __str__(self):
        return f"{self.rule_id} {self.region_id}: {self.broken}"


class RuleFinding(models.Model):
    """One form that breaks one rule."""

    run = models.ForeignKey(RuleRun, on_delete=models.CASCADE, related_name="findings")
    rule = models.ForeignKey(
        ControlRule, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="rule_findings"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_filed = models.BooleanField()
    is_explained = models.BooleanField()

    objects = RuleFindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "rule", "submission"], name="rule_finding_once"),
        ]
        indexes = [models.Index(fields=["run", "rule", "region"], name="rule_finding_region")]

    def __str__(self):
        return f"{self.rule_id}: {self.submission_id}"
