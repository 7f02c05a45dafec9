"""Proposals of municipalities to the law, and what came of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from annual_report.enums import ProposalOutcome, ProposalState
from annual_report.models.report import Report
from annual_report.querysets import ProposalQuerySet
from okmo_portal.organisations.models import Municipality, Region


class Proposal(models.Model):
    """What a municipality asks the report to say: which act, how it should read, and why.

    ``state`` says where it stands and is written only by ``workflow.transitions.apply``; ``outcome``
    says what the Government made of it. A proposal is public once it is in the report.
    """

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="proposals"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("отчётный год")
    title = models.CharField("предложение одной фразой", max_length=200)
    act = models.CharField("какой акт изменить", max_length=250)
    article = models.CharField("статья, часть, пункт", max_length=120, blank=True)
    wording = models.TextField("как должно звучать", max_length=4000)
    reason = models.TextField("почему это нужно", max_length=4000)
    state = models.CharField(
        "состояние", max_length=12, choices=ProposalState.choices, default=ProposalState.NEW
    )
    outcome = models.CharField(
        "итог", max_length=12, choices=ProposalOutcome.choices, default=ProposalOutcome.NONE
    )
    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    decision_comment = models.TextField("пояснение Конгресса", blank=True)
    reply = models.TextField("ответ Правительства", blank=True)
    replied_on = models.DateField("дата ответа", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("подано", auto_now_add=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = "предложение муниципалитета"
        verbose_name_plural = "предложения муниципалитетов"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["new", "declined"]) | Q(report__isnull=False),
                name="proposal_in_a_report",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | (Q(replied_on__isnull=False) & ~Q(reply="")),
                name="proposal_answer_complete",
            ),
        ]
        indexes = [models.Index(fields=["state", "-at"], name="proposal_list")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("report:proposal-detail", args=[self.pk])

    @property
    def fate(self) -> str:
        """Where it stands, and what came of it, in one phrase."""
        if self.state == ProposalState.ANSWERED:
            return f"{self.get_state_display()}: {self.get_outcome_display()}"
        return self.get_state_display()
