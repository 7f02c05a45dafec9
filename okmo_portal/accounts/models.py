"""People who sign in, and their consents."""

import hashlib

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from okmo_portal.core.text import initials


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


TIME_ZONES = [
    ("Europe/Kaliningrad", "МСК−1, Калининград"),
    ("Europe/Moscow", "МСК, Москва"),
    ("Europe/Samara", "МСК+1, Самара"),
    ("Asia/Yekaterinburg", "МСК+2, Екатеринбург"),
    ("Asia/Omsk", "МСК+3, Омск"),
    ("Asia/Krasnoyarsk", "МСК+4, Красноярск"),
    ("Asia/Irkutsk", "МСК+5, Иркутск"),
    ("Asia/Yakutsk", "МСК+6, Якутск"),
    ("Asia/Vladivostok", "МСК+7, Владивосток"),
    ("Asia/Magadan", "МСК+8, Магадан"),
    ("Asia/Kamchatka", "МСК+9, Петропавловск-Камчатский"),
]


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person; signs in by e-mail.

    What the person may do comes from memberships (``organisations.Membership``), not from here;
    ``is_staff`` only opens the admin. ``active_membership`` is set by the organisations'
    middleware for the time of a request; elsewhere (tasks, tests) set it by hand.
    """

    email = models.EmailField("электронная почта", unique=True)
    last_name = models.CharField("фамилия", max_length=100, blank=True)
    first_name = models.CharField("имя", max_length=100, blank=True)
    patronymic = models.CharField("отчество", max_length=100, blank=True)
    phone = models.CharField("телефон", max_length=30, blank=True)
    time_zone = models.CharField(
        "часовой пояс", max_length=40, choices=TIME_ZONES, default="Europe/Moscow"
    )
    is_active = models.BooleanField("может входить", default=True)
    is_staff = models.BooleanField("работает в админке", default=False)
    date_joined = models.DateTimeField("зарегистрирован", auto_now_add=True)
    erased_at = models.DateTimeField("данные стёрты", null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    active_membership = None

    class Meta:
        verbose_name = "пользователь"
        verbose_name_plural = "пользователи"
        ordering = ["last_name", "first_name", "pk"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_ci_unique")]

    def __str__(self):
        return self.short_name or self.email

    @property
    def full_name(self):
        return " ".join(part for part in (self.last_name, self.first_name, self.patronymic) if part)

    @property
    def short_name(self):
        """«Фамилия И. О.»"""
        return initials(self.last_name, self.first_name, self.patronymic)

    def get_full_name(self):
        return self.full_name or self.email

    def get_short_name(self):
        return self.short_name or self.email


class ConsentPurpose(models.TextChoices):
    PERSONAL_DATA = "personal_data", "обработка персональных данных"
    NEWSLETTER = "newsletter", "рассылка"


class ConsentText(models.Model):
    """One version of what people agree to; a new wording is a new row (152-ФЗ, ст. 9)."""

    purpose = models.CharField("цель", max_length=30, choices=ConsentPurpose.choices)
    version = models.PositiveIntegerField("версия")
    title = models.CharField("заголовок", max_length=200)
    body = models.TextField("текст")
    published_at = models.DateTimeField("действует с", null=True, blank=True)

    class Meta:
        verbose_name = "текст согласия"
        verbose_name_plural = "тексты согласий"
        ordering = ["purpose", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="consent_text_version")
        ]

    def __str__(self):
        return f"{self.title}, версия {self.version}"


class Consent(models.Model):
    """Who agreed to which text, when, from where (a hash of the address), and when it ended."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="consents")
    given_at = models.DateTimeField("дано", auto_now_add=True)
    address_hash = models.CharField("хеш адреса", max_length=64, blank=True)
    withdrawn_at = models.DateTimeField("отозвано", null=True, blank=True)

    class Meta:
        verbose_name = "согласие"
        verbose_name_plural = "согласия"
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "text"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="consent_once",
            )
        ]

    def __str__(self):
        return f"{self.user}: {self.text}"

    @staticmethod
    def hash_address(address: str, salt: str) -> str:
        return hashlib.sha256(f"{salt}:{address}".encode()).hexdigest()
