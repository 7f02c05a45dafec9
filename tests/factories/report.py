"""A small form, a campaign and filled submissions."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from annual_report.models import Campaign, ControlRule, Form, FormField, Indicator, Section
from annual_report.services.answers import CellInput, save_answers
from annual_report.services.campaigns import open_campaign


def make_form():
    """Three asked indicators, one computed ratio, two rules."""
    section, _ = Section.objects.get_or_create(
        code="C", defaults={"title": "Служба", "title_en": "Service", "order": 1}
    )
    common = {
        "section": section,
        "definition": "Определение.",
        "unit_en": "units",
        "source": "учёт",
        "owner": "отдел",
    }
    posts = Indicator.objects.create(
        code="C01", title="Должности", title_en="Posts", unit="ед.", value_type="decimal",
        decimals=1, aggregation="sum", order=1, min_value=0, max_value=1000, **common,
    )  # fmt: skip
    filled = Indicator.objects.create(
        code="C02", title="Замещено", title_en="Filled", unit="ед.", value_type="decimal",
        decimals=1, aggregation="sum", order=2, min_value=0, max_value=1000, **common,
    )  # fmt: skip
    trained = Indicator.objects.create(
        code="C04", title="Обучено", title_en="Trained", unit="чел.", value_type="integer",
        aggregation="sum", order=3, min_value=0, max_value=1000, **common,
    )  # fmt: skip
    share = Indicator.objects.create(
        code="C07", title="Доля", title_en="Share", unit="%", value_type="decimal", decimals=1,
        aggregation="ratio", numerator=filled, denominator=posts, scale=100, order=4,
        formula="C02 / C01 * 100", **common,
    )  # fmt: skip
    form = Form.objects.create(code="test", title="Форма")
    for indicator in (posts, filled, trained, share):
        FormField.objects.create(
            form=form, indicator=indicator, prefill="last_year" if indicator is posts else "none"
        )
    ControlRule.objects.create(
        form=form, code="K1", severity="critical", expression="C02 <= C01",
        message="Замещено {C02} больше, чем должностей {C01}.", hint="Сверьте.",
    )  # fmt: skip
    ControlRule.objects.create(
        form=form, code="K2", severity="explain", expression="C04 <= C02",
        message="Обученных {C04} больше замещённых {C02}.", hint="Поясните.",
    )  # fmt: skip
    return form


def make_campaign(form, year=2025, *, opened=True):
    today = timezone.localdate()
    campaign = Campaign.objects.create(
        form=form,
        year=year,
        title=f"Доклад за {year} год",
        register_date=date(year + 1, 1, 1),
        opens_on=today - timedelta(days=10),
        municipality_deadline=today + timedelta(days=10),
        council_deadline=today + timedelta(days=20),
        congress_deadline=today + timedelta(days=30),
    )
    return open_campaign(campaign=campaign, by=None, announce=False) if opened else campaign


def fill(submission, by, **values):
    cells = {code: CellInput(Decimal(str(value))) for code, value in values.items()}
    return save_answers(submission=submission, cells=cells, by=by)
