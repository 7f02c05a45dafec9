"""A few invented proposals in every state, by the services that people's clicks call."""

from __future__ import annotations

from datetime import date

from annual_report.models import Report
from annual_report.services import proposals
from okmo_portal.accounts.models import User

PROPOSALS = (
    {
        "title": "Дать поселениям право на упрощённую закупку до двух миллионов рублей",
        "act": "Федеральный закон № 44-ФЗ",
        "article": "ст. 93",
        "wording": "Предел закупки у единственного поставщика для поселений — два миллиона рублей.",
        "reason": "Торги на ремонт одного колодца длятся дольше самого ремонта.",
    },
    {
        "title": "Передавать данные Росстата муниципалитетам без отдельного запроса",
        "act": "Федеральный закон № 282-ФЗ",
        "article": "ст. 5",
        "wording": "Показатели муниципального образования доступны его органам в день публикации.",
        "reason": "Специалисты вносят в формы то, что государство уже знает.",
    },
    {
        "title": "Оплачивать проезд старост к месту приёма граждан",
        "act": "Федеральный закон № 33-ФЗ",
        "article": "",
        "wording": "Расходы старосты на проезд возмещаются из местного бюджета.",
        "reason": "Старосты ездят в район за свой счёт.",
    },
)


def load(report: Report, head: User, staff: User) -> None:
    """For the older report: one answered, one sent; the third still waits."""
    first, second, _third = (
        proposals.file_proposal(year=report.campaign.year, by=head, **texts) for texts in PROPOSALS
    )
    for item in (first, second):
        proposals.include_proposal(proposal=item, report=report, by=staff)
        proposals.send_proposal(proposal=item, by=staff)
    proposals.answer_proposal(
        proposal=first,
        outcome="partly",
        reply="Предел повышен до одного миллиона рублей для сельских поселений.",
        replied_on=date(report.campaign.year + 1, 9, 15),
        by=staff,
    )
