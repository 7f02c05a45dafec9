"""The register's import and export in the admin, through its own pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from okmo_portal.organisations.models import Municipality
from okmo_portal.organisations.oktmo import check_digit
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people

pytestmark = pytest.mark.django_db
HEADER = "oktmo,check_digit,name,kind,region,parent,centre,valid_from\n"


@pytest.fixture(autouse=True)
def staff(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    user = people.congress_staff()
    sync_staff_access(user=user)
    people.sign_in(client, user)


def preview(client, text):
    file = SimpleUploadedFile("register.csv", text.encode())
    address = reverse("admin:organisations_municipality_import")
    page = client.get(address)
    formats = [label for _value, label in page.context["form"].fields["format"].choices]
    return client.post(
        address, {"import_file": file, "format": formats.index("csv") - (formats[0] == "---")}
    )


def rows_of(answer):
    result = answer.context["result"]
    return result, [row.import_type for row in result.valid_rows()]


def test_codes_without_their_leading_zero_are_put_right(client):
    """Bug of every spreadsheet: 01605000 becomes 1605000."""
    text = HEADER + "1605000,,  Алейский\u00a0муниципальный   район/ ,municipal_district,22,,,\n"
    answer = preview(client, text)
    result, kinds = rows_of(answer)
    assert (kinds, result.has_errors(), result.has_validation_errors()) == (["new"], False, False)
    confirm = answer.context["confirm_form"].initial
    client.post(reverse("admin:organisations_municipality_process_import"), confirm)
    saved = Municipality.objects.get()
    assert (saved.oktmo, saved.check_digit) == ("01605000", check_digit("01605000"))
    assert (saved.name, saved.region.code) == ("Алейский муниципальный район", "22")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("29650000,0,Район,municipal_district,40,,,", "контрольное число 0, а должно быть"),
        ("2965,,Район,municipal_district,40,,,x", "valid_from"),
        ("нет,,Район,municipal_district,40,,,", "нужны восемь цифр"),
        ("29650000,,Район,neverland,40,,,", "neverland"),
        ("29650000,,Район,municipal_district,999,,,", "Region"),
    ],
)
def test_wrong_rows_are_refused_and_nothing_is_half_saved(client, row, message):
    good = "29650000,,Хороший район,municipal_district,40,,,\n"
    answer = preview(client, HEADER + good.replace("29650000", "29651000") + row + "\n")
    assert message in answer.content.decode()
    assert "confirm_form" not in answer.context
    assert Municipality.objects.count() == 0


def test_export_gives_what_the_import_takes(client):
    people.MunicipalityFactory(oktmo="01605000", name="Алейский муниципальный район")
    address = reverse("admin:organisations_municipality_export")
    page = client.get(address)
    formats = [label for _value, label in page.context["form"].fields["format"].choices]
    answer = client.post(address, {
        "format": formats.index("csv") - (formats[0] == "---"),
        "municipalityresource_oktmo": "on", "municipalityresource_name": "on",
        "municipalityresource_region": "on", "municipalityresource_kind": "on",
    })  # fmt: skip
    assert "01605000" in answer.content.decode()
    assert ",40" in answer.content.decode()
