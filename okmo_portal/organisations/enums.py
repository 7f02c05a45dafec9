"""Closed lists of the territorial and organisational domain (see docs/architecture.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RegionKind(models.TextChoices):
    REPUBLIC = "republic", "республика"
    KRAI = "krai", "край"
    OBLAST = "oblast", "область"
    FEDERAL_CITY = "federal_city", "город федерального значения"
    AUTONOMOUS_OBLAST = "autonomous_oblast", "автономная область"
    AUTONOMOUS_OKRUG = "autonomous_okrug", "автономный округ"


class MunicipalityKind(models.TextChoices):
    """The eight kinds of 131-ФЗ, art. 2; 33-ФЗ keeps six of them."""

    MUNICIPAL_DISTRICT = "municipal_district", _("муниципальный район")
    MUNICIPAL_OKRUG = "municipal_okrug", _("муниципальный округ")
    URBAN_OKRUG = "urban_okrug", _("городской округ")
    URBAN_OKRUG_WITH_DISTRICTS = (
        "urban_okrug_with_districts",
        _("городской округ с внутригородским делением"),
    )
    INTRACITY_DISTRICT = "intracity_district", _("внутригородской район")
    INTRACITY_TERRITORY = (
        "intracity_territory",
        _("внутригородская территория города федерального значения"),
    )
    URBAN_SETTLEMENT = "urban_settlement", _("городское поселение")
    RURAL_SETTLEMENT = "rural_settlement", _("сельское поселение")


#: Kinds in which settlements or intracity districts lie, by the kind of what lies there.
HOLDERS = {
    MunicipalityKind.URBAN_SETTLEMENT: (MunicipalityKind.MUNICIPAL_DISTRICT,),
    MunicipalityKind.RURAL_SETTLEMENT: (MunicipalityKind.MUNICIPAL_DISTRICT,),
    MunicipalityKind.INTRACITY_DISTRICT: (MunicipalityKind.URBAN_OKRUG_WITH_DISTRICTS,),
}


class ChangeKind(models.TextChoices):
    """Transformations of 131-ФЗ, art. 13, and what else makes a new row of the register.

    TRANSFER is a change of boundaries by which land passes from one to another and both go on.
    """

    MERGE = "merge", _("объединение")
    SPLIT = "split", _("разделение")
    JOIN = "join", _("присоединение")
    TRANSFER = "transfer", _("изменение границ")
    RENAME = "rename", _("переименование")
    KIND = "kind", _("изменение вида")
    CODE = "code", _("смена кода ОКТМО")
    ABOLITION = "abolition", _("упразднение")


class OrganisationKind(models.TextChoices):
    CONGRESS = "congress", "Конгресс"
    COUNCIL = "council", "совет муниципальных образований"
    MUNICIPALITY_BODY = "municipality_body", "орган местного самоуправления"
    PROJECT_OFFICE = "project_office", "проектный офис"
    TOS = "tos", "ТОС"
    PARTNER = "partner", "партнёр"


class Role(models.TextChoices):
    HEAD = "head", "глава"
    CHIEF_OF_STAFF = "chief_of_staff", "руководитель аппарата"
    SPECIALIST = "specialist", "специалист"
    DEPUTY = "deputy", "депутат"
    COUNCIL_CHAIR = "council_chair", "председатель совета"
    COUNCIL_DIRECTOR = "council_director", "исполнительный директор совета"
    OFFICE_COORDINATOR = "office_coordinator", "руководитель проектного офиса"
    OFFICE_SPECIALIST = "office_specialist", "специалист проектного офиса"
    EXPERT = "expert", "эксперт"
    LAWYER = "lawyer", "юрист"
    METHODIST = "methodist", "методист"
    JUROR = "juror", "член жюри"
    EDITOR = "editor", "редактор"
    TOS_CHAIR = "tos_chair", "председатель ТОС"
    CONGRESS_STAFF = "congress_staff", "сотрудник Конгресса"
    AUDITOR = "auditor", "аудитор"


#: Which roles an organisation of each kind can give.
ROLES_BY_ORGANISATION = {
    OrganisationKind.MUNICIPALITY_BODY: (
        Role.HEAD,
        Role.CHIEF_OF_STAFF,
        Role.SPECIALIST,
        Role.DEPUTY,
    ),
    OrganisationKind.COUNCIL: (
        Role.COUNCIL_CHAIR,
        Role.COUNCIL_DIRECTOR,
        Role.OFFICE_COORDINATOR,
        Role.OFFICE_SPECIALIST,
        Role.EXPERT,
        Role.LAWYER,
        Role.EDITOR,
    ),
    OrganisationKind.PROJECT_OFFICE: (
        Role.OFFICE_COORDINATOR,
        Role.OFFICE_SPECIALIST,
        Role.EXPERT,
        Role.LAWYER,
    ),
    OrganisationKind.CONGRESS: (
        Role.CONGRESS_STAFF,
        Role.METHODIST,
        Role.LAWYER,
        Role.EXPERT,
        Role.JUROR,
        Role.EDITOR,
        Role.AUDITOR,
    ),
    OrganisationKind.TOS: (Role.TOS_CHAIR,),
    OrganisationKind.PARTNER: (Role.EXPERT, Role.JUROR),
}

#: Roles that must sign in with a second factor (quality bars, "Rights").
SECOND_FACTOR_ROLES = frozenset(Role) - {
    Role.HEAD,
    Role.CHIEF_OF_STAFF,
    Role.SPECIALIST,
    Role.DEPUTY,
    Role.TOS_CHAIR,
}

COUNCIL_ROLES = frozenset(
    {
        Role.COUNCIL_CHAIR,
        Role.COUNCIL_DIRECTOR,
        Role.OFFICE_COORDINATOR,
        Role.OFFICE_SPECIALIST,
    }
)
MUNICIPALITY_EDITOR_ROLES = frozenset({Role.HEAD, Role.CHIEF_OF_STAFF, Role.SPECIALIST})


class MembershipState(models.TextChoices):
    REQUESTED = "requested", "ждёт подтверждения"
    ACTIVE = "active", "действует"
    REFUSED = "refused", "отклонено"
    ENDED = "ended", "прекращено"


class ReferenceState(models.TextChoices):
    """Where an uploaded file of transformations stands."""

    UPLOADED = "uploaded", "загружен"
    CHECKED = "checked", "проверен"
    DONE = "done", "принят"
    FAILED = "failed", "не принят"
