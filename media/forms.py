"""Forms of the desk and of those who send texts."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media import images
from media.enums import Audience, ContributionKind, DownloadKind
from media.models import (
    Article,
    Author,
    Contribution,
    EditTask,
    Image,
    JournalIssue,
    Rubric,
)
from media.permissions import is_chief_editor
from okmo_portal.accounts.models import User
from okmo_portal.documents.validators import HINT
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership, Municipality

#: A person needs longer than this to write anything; a robot does not.
MIN_SECONDS = 3
#: A page left open for longer asks to be sent once more; the text stays in it.
MAX_AGE = timedelta(days=2)


class EditorWidget(forms.Textarea):
    """A text area that ``editor.js`` turns into an editor; without scripts it takes HTML as text."""

    def __init__(self, attrs=None):
        super().__init__({"rows": 24, **(attrs or {})})

    def build_attrs(self, base_attrs, extra_attrs=None):
        found = super().build_attrs(base_attrs, extra_attrs)
        return found | {"data-editor": static("django_prose_editor/editor.js")}

    def use_required_attribute(self, initial):
        # The browser would point at the hidden area.
        return False


class ArticleCreateForm(forms.Form):
    rubric = forms.ModelChoiceField(Rubric.objects.none(), label="Рубрика")
    title = forms.CharField(label="Заголовок", max_length=250)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rubric"].queryset = Rubric.objects.open_to(user)


class ArticleTextForm(forms.ModelForm):
    """Texts and card in one form; ``seen`` is the version that the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    audience = forms.MultipleChoiceField(
        label="Кому", choices=Audience.choices, widget=forms.CheckboxSelectMultiple, required=False,
        help_text="Ничего не отмечено — всем.",
    )  # fmt: skip
    note = forms.CharField(
        label="Что изменено", max_length=300, required=False, help_text="Для списка версий."
    )

    class Meta:
        model = Article
        fields = [
            "title", "lead", "body", "todo_steps", "todo_deadline", "todo_contact", "references",
            "rubric", "issue", "cover", "audience", "title_en", "lead_en",
        ]  # fmt: skip
        widgets = {
            "body": EditorWidget,
            "lead": forms.Textarea(attrs={"rows": 3}),
            "lead_en": forms.Textarea(attrs={"rows": 3}),
            "todo_steps": forms.Textarea(attrs={"rows": 4}),
            "references": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "body": "Текст из Word можно вставить как есть: оформление уберётся, слова и заголовки останутся."
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        article = self.instance
        self.fields["seen"].initial = article.version
        own = Q(pk=article.rubric_id)
        self.fields["rubric"].queryset = Rubric.objects.filter(
            own | Q(pk__in=Rubric.objects.open_to(user).values("pk"))
        )
        self.fields["cover"].queryset = Image.objects.filter(
            Q(pk=article.cover_id) | Q(pk__in=Image.objects.values("pk")[:200])
        )
        if is_chief_editor(user):
            self.fields["issue"].queryset = JournalIssue.objects.filter(
                Q(state="planned") | Q(pk=article.issue_id)
            )
        else:
            del self.fields["issue"]

    def _post_clean(self):
        """Nothing is written to the instance here: the service does it under a lock."""


class CorrectionForm(forms.Form):
    body = forms.CharField(label="Текст статьи", widget=EditorWidget)
    text = forms.CharField(
        label="Что исправлено",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Читатели увидят это под статьёй с сегодняшней датой.",
    )


class AuthorRowForm(forms.Form):
    author = forms.ModelChoiceField(Author.objects.all(), label="Автор", required=False)
    position = forms.CharField(
        label="Должность под статьёй", max_length=250, required=False,
        help_text="Пусто — нынешняя должность автора.",
    )  # fmt: skip


AuthorFormSet = forms.formset_factory(AuthorRowForm, extra=2, max_num=12, validate_max=True)


class LinksForm(forms.Form):
    """One area a registered kind; codes by line or comma."""

    def __init__(self, *args, kinds, current, **kwargs):
        super().__init__(*args, **kwargs)
        for kind in kinds:
            self.fields[kind.key] = forms.CharField(
                label=str(kind.label), required=False, max_length=4000, help_text=kind.hint,
                widget=forms.Textarea(attrs={"rows": 2}), initial=", ".join(current.get(kind.key, [])),
            )  # fmt: skip

    def keys_of(self, kind: str) -> list[str]:
        text = self.cleaned_data.get(kind, "").replace(",", "\n")
        return [line.strip() for line in text.splitlines() if line.strip()][:100]


class FileForm(forms.Form):
    kind = forms.ChoiceField(label="Что это", choices=DownloadKind.choices)
    title = forms.CharField(label="Название", max_length=200)
    file = forms.FileField(label="Файл", help_text=HINT)


class ImageForm(forms.Form):
    file = forms.FileField(label="Файл", help_text=images.HINT)
    alt = forms.CharField(
        label="Описание для незрячих", max_length=300,
        help_text="Что видно на изображении, одним предложением.",
    )  # fmt: skip
    rights = forms.CharField(
        label="Чьи права и условия", max_length=200,
        help_text="Например: фото администрации района, разрешена перепечатка со ссылкой.",
    )  # fmt: skip
    caption = forms.CharField(label="Подпись", max_length=300, required=False)
    focal_x = forms.IntegerField(
        label="Главное по горизонтали, %", min_value=0, max_value=100, initial=50,
        help_text="0 — левый край, 100 — правый. Обрезка сохранит это место.",
    )  # fmt: skip
    focal_y = forms.IntegerField(
        label="Главное по вертикали, %", min_value=0, max_value=100, initial=50,
        help_text="0 — верхний край, 100 — нижний.",
    )  # fmt: skip


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Замечание", max_length=3000, widget=forms.Textarea(attrs={"rows": 3})
    )
    quote = forms.CharField(
        label="К какому месту",
        max_length=300,
        required=False,
        help_text="Вставьте слова из текста.",
    )


class TaskForm(forms.ModelForm):
    class Meta:
        model = EditTask
        fields = ["title", "assignee", "due_on"]
        widgets = {"due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args, article, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = people_for(article)

    def clean_due_on(self):
        due = self.cleaned_data["due_on"]
        if due < timezone.localdate():
            raise ValidationError("Срок уже прошёл. Выберите сегодняшний или более поздний день.")
        return due


def people_for(article):
    """Those to whom a task on the article may be given: the central desk and its council's."""
    central = Q(organisation__kind="congress", role__in=(Role.EDITOR, Role.CONGRESS_STAFF))
    council = Q(organisation__kind="council", organisation__region=article.rubric.region)
    rows = Membership.objects.valid().filter(
        central | council if article.rubric.region_id else central
    )
    return User.objects.filter(pk__in=rows.values("user")).order_by("last_name", "first_name")


class ScheduleForm(forms.Form):
    publish_at = forms.DateTimeField(
        label="День и час выхода (московское время)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"],
    )


class IssueForm(forms.ModelForm):
    class Meta:
        model = JournalIssue
        fields = [
            "year", "number", "last_number", "through_number", "title", "title_en", "due_on", "cover",
            "editorial", "editorial_by",
        ]  # fmt: skip
        widgets = {
            "editorial": EditorWidget({"rows": 12}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["cover"].queryset = Image.objects.filter(
            Q(pk=self.instance.cover_id) | Q(pk__in=Image.objects.values("pk")[:200])
        )


class ContributionForm(forms.ModelForm):
    """For everybody. The trap field and the signed time keep robots out without a riddle."""

    oktmo = forms.CharField(
        label=_("Код ОКТМО муниципалитета"), max_length=8, required=False,
        help_text=_("Восемь цифр; код есть на странице муниципалитета. Можно не указывать."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Файл"), required=False,
        help_text=_("PDF, DOCX, XLSX, ODT, ODS, JPG, PNG или TXT; не больше 20 МБ."),
    )  # fmt: skip
    consent = forms.BooleanField(
        label=_("Согласен на обработку имени, должности и адреса почты для ответа редакции и публикации."),
        error_messages={"required": _("Без согласия редакция не может ответить Вам и подписать текст.")},
    )  # fmt: skip
    website = forms.CharField(
        label=_("Не заполняйте это поле"), required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Contribution
        fields = ["kind", "title", "text", "name", "position", "email"]
        labels = {
            "kind": _("Что Вы присылаете"),
            "title": _("Заголовок"),
            "text": _("Текст"),
            "name": _("Имя и фамилия"),
            "position": _("Должность или занятие"),
            "email": _("Электронная почта"),
        }
        help_texts = {
            "text": _("Что было, что сделали, что получилось, сколько стоило, кого спросить.")
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 14})}

    field_order = [
        "kind", "title", "text", "file", "oktmo", "name", "position", "email", "consent", "website",
    ]  # fmt: skip

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = ContributionKind.choices
        self.fields["opened"].initial = stamp_time()
        if getattr(user, "is_authenticated", False):
            self.fields["name"].initial = f"{user.first_name} {user.last_name}".strip()
            self.fields["email"].initial = user.email
            active = getattr(user, "active_membership", None)
            if active is not None:
                self.fields["position"].initial = active.position_title
                if active.organisation.municipality_id:
                    self.fields["oktmo"].initial = active.organisation.municipality.oktmo

    @property
    def plain_fields(self):
        """Without the trap, which the page hides."""
        return [field for field in self.visible_fields() if field.name != "website"]

    def clean_oktmo(self):
        code = self.cleaned_data["oktmo"].strip()
        if not code:
            return None
        found = Municipality.objects.filter(oktmo=code).select_related("region").last()
        if found is None:
            raise ValidationError(
                _("Такого кода ОКТМО в реестре нет. Введите восемь цифр или оставьте поле пустым.")
            )
        return found

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("website"):
            raise ValidationError(
                _("Похоже на автоматическую отправку. Оставьте скрытое поле пустым.")
            )
        try:
            opened = float(signing.loads(cleaned.get("opened") or "", max_age=MAX_AGE, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            self._stamp_anew()
            raise ValidationError(
                _(
                    "Страница была открыта слишком долго. Нажмите «Отправить» ещё раз: текст сохранён."
                )
            ) from None
        if timezone.now().timestamp() - opened < MIN_SECONDS:
            raise ValidationError(
                _(
                    "Слишком быстро. Проверьте текст и нажмите «Отправить» ещё раз через несколько секунд."
                )
            )
        return cleaned

    def _stamp_anew(self):
        data = self.data.copy()
        data["opened"] = stamp_time()
        self.data = data


SALT = "media.contribution"


def stamp_time() -> str:
    return signing.dumps(timezone.now().timestamp(), salt=SALT)


class AcceptForm(forms.Form):
    rubric = forms.ModelChoiceField(Rubric.objects.none(), label="В рубрику")

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rubric"].queryset = Rubric.objects.open_to(user)
