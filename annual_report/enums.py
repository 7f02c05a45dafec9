"""Closed lists of the annual report."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ValueType(models.TextChoices):
    INTEGER = "integer", _("целое число")
    DECIMAL = "decimal", _("число")
    BOOLEAN = "boolean", _("да или нет")
    CHOICE = "choice", _("выбор из списка")


class Direction(models.TextChoices):
    UP = "up", _("чем больше, тем лучше")
    DOWN = "down", _("чем меньше, тем лучше")
    NONE = "none", _("без оценки")


class Aggregation(models.TextChoices):
    """How a territory's figure is made of its municipalities' values."""

    SUM = "sum", _("сумма")
    RATIO = "ratio", _("отношение сумм")
    SHARE = "share", _("доля ответивших «да»")
    MEDIAN = "median", _("медиана")
    CHOICE = "choice", _("доли вариантов ответа")


class CampaignState(models.TextChoices):
    DRAFT = "draft", "готовится"
    OPEN = "open", "идёт сбор"
    CLOSED = "closed", "сбор окончен"


class SubmissionState(models.TextChoices):
    NOT_STARTED = "not_started", "не начата"
    DRAFT = "draft", "заполняется"
    PREPARED = "prepared", "на подписи у главы"
    SUBMITTED = "submitted", "на проверке в совете"
    RETURNED = "returned", "возвращена"
    APPROVED = "approved", "утверждена советом"
    ACCEPTED = "accepted", "принята Конгрессом"
    CLOSED = "closed", "закрыта: муниципалитет преобразован"


#: States in which the municipality may change its answers.
EDITABLE_STATES = frozenset(
    {SubmissionState.NOT_STARTED, SubmissionState.DRAFT, SubmissionState.RETURNED}
)
#: The municipality holds the form: it is being filled or waits for the head.
MUNICIPALITY_STATES = EDITABLE_STATES | {SubmissionState.PREPARED}
#: The municipality has done its part.
FILED_STATES = frozenset(
    {SubmissionState.SUBMITTED, SubmissionState.APPROVED, SubmissionState.ACCEPTED}
)
#: Nothing more is expected of the municipality: it has filed, or was gone on the register's date.
DONE_STATES = FILED_STATES | {SubmissionState.CLOSED}
#: The council has answered for the data: they count in snapshots and change by corrections only.
COUNTED_STATES = frozenset({SubmissionState.APPROVED, SubmissionState.ACCEPTED})


class CorrectionState(models.TextChoices):
    PROPOSED = "proposed", "ждёт решения"
    APPLIED = "applied", "внесено"
    REFUSED = "refused", "отклонено"


class Audience(models.TextChoices):
    """Who a step of the campaign's reminder schedule goes to."""

    MUNICIPALITY = "municipality", "муниципалитеты, которые не сдали форму"
    COUNCIL = "council", "советы, у которых не все сдали"
    CONGRESS = "congress", "сотрудники Конгресса"


class BulkKind(models.TextChoices):
    """What is done with many forms at once."""

    APPROVE = "approve", "утвердить"
    RETURN = "return", "вернуть на доработку"
    REMIND = "remind", "напомнить"
    EXTEND = "extend", "продлить срок"
    ACCEPT = "accept", "принять в Конгрессе"
    SEND_BACK = "send_back", "вернуть в совет"


class BulkOutcome(models.TextChoices):
    WAITING = "waiting", "ждёт очереди"
    DONE = "done", "сделано"
    SKIPPED = "skipped", "пропущена"


class AnswerSource(models.TextChoices):
    MANUAL = "manual", "введено"
    LAST_YEAR = "last_year", "перенесено с прошлого года"
    FEDERAL = "federal", "из федеральных данных"
    WORKBOOK = "workbook", "из книги Excel"
    CORRECTION = "correction", "исправлено после утверждения"


#: Offered where a value is missing; people may write their own words instead.
NO_DATA_REASONS = (
    "Показатель не относится к нашему муниципалитету",
    "Учёт этих данных не ведётся",
    "Данные ещё не готовы",
    "Данные не передал их владелец",
    "Сведения закрыты законом",
    "Муниципалитет образован в отчётном году",
)


class Prefill(models.TextChoices):
    """Where a field's value comes from before anybody types it."""

    NONE = "none", "не переносится"
    LAST_YEAR = "last_year", "с прошлого года"
    FEDERAL = "federal", "из федеральных данных"


class RuleKind(models.TextChoices):
    """What a control rule compares; follows from its expression."""

    FORM = "form", _("внутри формы")
    FORMS = "forms", _("между формами")
    YEARS = "years", _("между годами")
    SOURCE = "source", _("с внешним источником")
    CONSOLIDATION = "consolidation", _("свод поселений")


class Severity(models.TextChoices):
    """Three steps, as the Treasury words its control ratios."""

    CRITICAL = "critical", _("нельзя отправить")
    EXPLAIN = "explain", _("нужно пояснение")
    NOTICE = "notice", _("обратите внимание")


class ReportState(models.TextChoices):
    DRAFT = "draft", "готовится"
    REVIEW = "review", "на согласовании"
    APPROVED = "approved", "согласован, данные заморожены"
    READY = "ready", "собран"
    PUBLISHED = "published", "опубликован"


class ProposalState(models.TextChoices):
    NEW = "new", _("рассматривается в Конгрессе")
    DECLINED = "declined", _("не вошло в доклад")
    INCLUDED = "included", _("вошло в доклад")
    SENT = "sent", _("направлено в Правительство")
    ANSWERED = "answered", _("получен ответ")


class ProposalOutcome(models.TextChoices):
    NONE = "none", _("итога ещё нет")
    SUPPORTED = "supported", _("поддержано")
    PARTLY = "partly", _("поддержано частично")
    REJECTED = "rejected", _("не поддержано")
    DONE = "done", _("закон изменён")


class ReportFileKind(models.TextChoices):
    """What a build makes beside the PDF."""

    DOCX = "docx", _("Доклад в формате DOCX")
    XLSX = "xlsx", _("Все таблицы доклада (Excel)")
    CSV = "csv", _("Сводные показатели (CSV)")
    PARQUET = "parquet", _("Значения муниципалитетов (Parquet)")


class Scope(models.TextChoices):
    NATION = "nation", _("Россия")
    DISTRICT = "district", _("федеральный округ")
    REGION = "region", _("субъект РФ")
    KIND = "kind", _("вид муниципального образования")
    SIZE = "size", _("группа по численности населения")


class MappingLayout(models.TextChoices):
    LONG = "long", "одно значение в строке"
    WIDE = "wide", "значения по столбцам"


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "загружен"
    CHECKED = "checked", "проверен"
    DONE = "done", "принят"
    FAILED = "failed", "не принят"


class SizeClass(models.TextChoices):
    """Population classes, as ``statistics.strata`` makes them."""

    TO_1K = "to_1k", _("до 1 тыс. жителей")
    TO_3K = "1k_3k", _("1–3 тыс. жителей")
    TO_10K = "3k_10k", _("3–10 тыс. жителей")
    TO_50K = "10k_50k", _("10–50 тыс. жителей")
    TO_250K = "50k_250k", _("50–250 тыс. жителей")
    FROM_250K = "from_250k", _("250 тыс. жителей и больше")
    UNKNOWN = "unknown", _("численность неизвестна")
