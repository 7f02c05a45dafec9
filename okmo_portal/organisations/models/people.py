"""Memberships with mandates and dates, invitations, experts."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from okmo_portal.organisations.enums import (
    COUNCIL_ROLES,
    MUNICIPALITY_EDITOR_ROLES,
    SECOND_FACTOR_ROLES,
    MembershipState,
    Role,
)
from okmo_portal.organisations.models.organisation import Organisation
from okmo_portal.organisations.models.territory import Region
from okmo_portal.organisations.querysets import InvitationQuerySet, MembershipQuerySet


@pghistory.track()
class Membership(models.Model):
    """A person's role in an organisation for a time, on the strength of a mandate document.

    ``state`` is written only by ``workflow.transitions.apply`` (see ``organisations.workflow``).
    ``valid_to`` is the last day on which it holds.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name="пользователь",
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name="организация",
    )
    role = models.CharField("роль", max_length=20, choices=Role.choices)
    position_title = models.CharField("должность", max_length=200)
    mandate = models.ForeignKey(
        "documents.Document",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="документ о полномочиях",
    )
    valid_from = models.DateField("действует с")
    valid_to = models.DateField("действует по", null=True, blank=True)
    state = models.CharField(
        "состояние",
        max_length=10,
        choices=MembershipState.choices,
        default=MembershipState.REQUESTED,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто решил",
    )
    decided_at = models.DateTimeField("когда решено", null=True, blank=True)
    decision_comment = models.TextField("пояснение", blank=True)
    created_at = models.DateTimeField("создано", auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "полномочие"
        verbose_name_plural = "полномочия"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                condition=Q(state__in=["requested", "active"]),
                name="membership_once",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="membership_dates_order",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at__isnull=True)
                | (~Q(state="requested") & Q(decided_at__isnull=False)),
                name="membership_decision_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state"], name="membership_organisation_state")
        ]

    def __str__(self):
        return f"{self.position_title or self.get_role_display()}, {self.organisation}"

    @property
    def is_council(self) -> bool:
        return self.role in COUNCIL_ROLES

    @property
    def edits_municipality(self) -> bool:
        return self.role in MUNICIPALITY_EDITOR_ROLES

    @property
    def needs_second_factor(self) -> bool:
        return self.role in SECOND_FACTOR_ROLES


class Invitation(models.Model):
    """A letter that lets its reader take a role without a request; single use, with an end."""

    email = models.EmailField("электронная почта")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="invitations",
        verbose_name="организация",
    )
    role = models.CharField("роль", max_length=20, choices=Role.choices)
    position_title = models.CharField("должность", max_length=200)
    #: SHA-256 of the token in the letter; the token itself is not kept.
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="кто"
    )
    created_at = models.DateTimeField("отправлено", auto_now_add=True)
    expires_at = models.DateTimeField("действует до")
    accepted_at = models.DateTimeField("принято", null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField("отозвано", null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = "приглашение"
        verbose_name_plural = "приглашения"
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.email}, {self.organisation}"


class Competence(models.Model):
    name = models.CharField("название", max_length=150, unique=True)

    class Meta:
        verbose_name = "компетенция"
        verbose_name_plural = "компетенции"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Expert(models.Model):
    """A person whom councils and the Congress ask; ``capacity`` is open tasks at a time."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="expert"
    )
    competences = models.ManyToManyField(
        Competence, related_name="experts", verbose_name="компетенции"
    )
    regions = models.ManyToManyField(
        Region, related_name="experts", blank=True, verbose_name="субъекты РФ"
    )
    capacity = models.PositiveSmallIntegerField("сколько дел одновременно", default=5)
    interests = models.TextField("заявленные интересы", blank=True)
    is_active = models.BooleanField("принимает дела", default=True)

    class Meta:
        verbose_name = "эксперт"
        verbose_name_plural = "эксперты"

    def __str__(self):
        return str(self.user)


class ExpertAbsence(models.Model):
    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField("с")
    ends_on = models.DateField("по")
    reason = models.CharField("причина", max_length=200, blank=True)

    class Meta:
        verbose_name = "отсутствие"
        verbose_name_plural = "отсутствия"
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="expert_absence_order"
            )
        ]

    def __str__(self):
        return f"{self.expert}: {self.starts_on:%d.%m.%Y}–{self.ends_on:%d.%m.%Y}"
