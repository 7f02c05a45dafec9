"""The demo's sign-ins: who they are and what each is there to show."""

from dataclasses import dataclass

from okmo_portal.organisations.enums import Role

DEMO_DOMAIN = "@demo.example"
PASSWORD = "demo-okmo-2026"


@dataclass(frozen=True)
class DemoAccount:
    """``place`` is "congress", "council" or "municipality" of the demo's showcase region."""

    login: str
    role: Role
    place: str
    position: str
    shows: str

    @property
    def email(self) -> str:
        return self.login + DEMO_DOMAIN

    @property
    def role_label(self) -> str:
        return str(self.role.label)


ACCOUNTS = (
    DemoAccount(
        "glava",
        Role.HEAD,
        "municipality",
        "Глава муниципального района",
        "проверяет и отправляет форму",
    ),
    DemoAccount(
        "specialist", Role.SPECIALIST, "municipality", "Главный специалист", "заполняет форму"
    ),
    DemoAccount(
        "sovet",
        Role.COUNCIL_DIRECTOR,
        "council",
        "Исполнительный директор совета",
        "проверяет формы региона, подтверждает полномочия",
    ),
    DemoAccount(
        "kongress",
        Role.CONGRESS_STAFF,
        "congress",
        "Начальник аналитического отдела",
        "ведёт кампанию, собирает и публикует доклад, работает в админке",
    ),
    DemoAccount("auditor", Role.AUDITOR, "congress", "Аудитор", "смотрит всё, не меняет ничего"),
)
ADMIN_EMAIL = "admin" + DEMO_DOMAIN
NEWCOMER_EMAIL = "novichok" + DEMO_DOMAIN
