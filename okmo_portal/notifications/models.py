"""What people are told, and how they want to be told."""

from django.conf import settings
from django.db import models


class EmailState(models.TextChoices):
    NONE = "none", "письмо не нужно"
    WAITING = "waiting", "ждёт отправки"
    SENT = "sent", "отправлено"
    FAILED = "failed", "не отправлено"


class EmailMode(models.TextChoices):
    AT_ONCE = "at_once", "сразу"
    DAILY = "daily", "раз в день одним письмом"
    OFF = "off", "не присылать"


class Notification(models.Model):
    """One message to one person; ``key`` makes sending twice impossible.

    The text must be fit for a letter: nothing confidential.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField("вид", max_length=60)
    key = models.CharField(max_length=200)
    title = models.CharField("заголовок", max_length=200)
    body = models.TextField("текст", blank=True)
    url = models.CharField("ссылка", max_length=300, blank=True)
    created_at = models.DateTimeField("создано", auto_now_add=True)
    read_at = models.DateTimeField("прочитано", null=True, blank=True)
    email_state = models.CharField(
        "письмо", max_length=10, choices=EmailState.choices, default=EmailState.NONE
    )
    #: Not before this moment: quiet hours of the reader's time zone, or the daily digest.
    email_after = models.DateTimeField(null=True, blank=True)
    email_attempts = models.PositiveSmallIntegerField(default=0)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "уведомление"
        verbose_name_plural = "уведомления"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(
                fields=["user"],
                condition=models.Q(read_at__isnull=True),
                name="notification_unread",
            ),
            models.Index(
                fields=["email_after"],
                condition=models.Q(email_state="waiting"),
                name="notification_email_due",
            ),
        ]

    def __str__(self):
        return self.title


class NotificationPreference(models.Model):
    """How one person wants letters of one kind; without a row the kind's own default holds."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField("вид", max_length=60)
    email_mode = models.CharField("письма", max_length=10, choices=EmailMode.choices)

    class Meta:
        verbose_name = "настройка уведомлений"
        verbose_name_plural = "настройки уведомлений"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_preference_once")
        ]

    def __str__(self):
        return f"{self.user}: {self.kind}"
