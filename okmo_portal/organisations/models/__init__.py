"""Territory, organisations and the people in them."""

from okmo_portal.organisations.models.organisation import Organisation
from okmo_portal.organisations.models.people import (
    Competence,
    Expert,
    ExpertAbsence,
    Invitation,
    Membership,
)
from okmo_portal.organisations.models.reference import ReferenceImport
from okmo_portal.organisations.models.territory import (
    FederalDistrict,
    Municipality,
    MunicipalityChange,
    Region,
    TerritoryCode,
)

__all__ = [
    "Competence",
    "Expert",
    "ExpertAbsence",
    "FederalDistrict",
    "Invitation",
    "Membership",
    "Municipality",
    "MunicipalityChange",
    "Organisation",
    "ReferenceImport",
    "Region",
    "TerritoryCode",
]
