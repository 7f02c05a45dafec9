import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from okmo_portal.organisations import oktmo
from okmo_portal.organisations.models import FederalDistrict, Municipality, Region


@pytest.fixture
def full_list(shared_data):
    return shared_data / "oktmo-2019-full/oktmo_2019_flat_DERIVED.csv"


def test_check_digit_holds_in_all_official_rows(shared_data):
    path = shared_data / "oktmo-rosstat-2regions/data.csv"
    rows = list(oktmo.read(path, oktmo.Layout.ROSSTAT))
    assert len(rows) == 1271
    assert [row.code for row in rows if oktmo.check_digit(row.code) != row.check_digit] == []


def test_full_list_gives_the_known_counts(full_list):
    register = oktmo.classify(oktmo.read(full_list))
    counts = Counter(unit.kind.value for unit in register.units)
    assert counts == {
        "municipal_district": 1753,
        "urban_okrug": 599,
        "urban_okrug_with_districts": 3,
        "intracity_territory": 267,
        "intracity_district": 19,
        "urban_settlement": 1557,
        "rural_settlement": 17688,
    }
    assert (register.headings, register.inter_settlement) == (3106, 96)
    assert (len(register.refused), len(register.corrected)) == (0, 16)


def test_windows_1251_is_read(tmp_path, shared_data):
    text = (shared_data / "oktmo-rosstat-2regions/data.csv").read_text("utf-8")
    path = tmp_path / "official.csv"
    path.write_bytes("".join(text.splitlines(keepends=True)[:50]).encode("windows-1251"))
    names = [row.name for row in oktmo.read(path)]
    assert "Алейский муниципальный район" in names


@pytest.mark.django_db
def test_regions_and_districts_are_data_of_the_project():
    assert (Region.objects.count(), FederalDistrict.objects.count()) == (89, 8)
    assert Region.objects.get(oktmo_prefix="718").code == "86"


@pytest.mark.django_db
def test_import_takes_the_register_and_changes_nothing_twice(full_list, capsys):
    call_command("import_oktmo", str(full_list))
    first = capsys.readouterr().out
    assert "добавлено 21886, изменено 0, без изменений 0" in first
    assert Municipality.objects.orphaned().count() == 66
    assert Municipality.objects.filter(oktmo="71871000").get().region.code == "86"
    assert not Municipality.objects.filter(name__endswith="/").exists()
    call_command("import_oktmo", str(full_list))
    assert "добавлено 0, изменено 0, без изменений 21886" in capsys.readouterr().out


@pytest.mark.django_db
def test_import_dry_run_changes_nothing(full_list, capsys):
    call_command("import_oktmo", str(full_list), "--dry-run")
    assert "Пробный запуск" in capsys.readouterr().out
    assert Municipality.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04zip", b"a;b\n1;2\n", "просто текст".encode()])
def test_import_refuses_other_files_in_one_sentence(tmp_path, content):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="[а-я]"):
        call_command("import_oktmo", str(path))
    assert Municipality.objects.count() == 0


@pytest.mark.django_db
def test_import_reports_refused_rows_and_takes_the_rest(tmp_path, capsys):
    path = tmp_path / "list.csv"
    path.write_text(
        "code,check_digit,name,kind\n29601000,0,Первый район,x\n9601000,1,Без нуля,x\n"
        "29601000,0,Второй раз,x\n",
        "utf-8",
    )
    call_command("import_oktmo", str(path))
    out = capsys.readouterr().out
    assert "строка 3, код 9601000: код должен состоять из 8 цифр" in out
    assert "строка 4, код 29601000: код уже встречался в строке 2" in out
    assert Municipality.objects.get().name == "Первый район"


codes = st.text(alphabet="0123456789", min_size=8, max_size=8)


@given(codes)
def test_check_digit_is_one_digit_and_depends_on_the_code_alone(code):
    digit = oktmo.check_digit(code)
    assert len(digit) == 1
    assert digit.isdigit()
    assert oktmo.check_digit(code) == digit


@given(codes, st.integers(0, 7), st.integers(1, 9))
def test_check_digit_sees_a_mistyped_digit_unless_the_remainder_is_ten(code, place, shift):
    """Modulo 11 a single wrong digit always changes the weighted sum (weights below 11)."""
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]

    def rest(text):
        return sum(int(d) * w for w, d in enumerate(text, start=1)) % 11

    assert rest(wrong) != rest(code)
    if 10 not in (rest(code), rest(wrong)):
        assert oktmo.check_digit(wrong) != oktmo.check_digit(code)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_register_or_are_refused(content):
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        message, units = None, []
        try:
            units = oktmo.classify(oktmo.read(Path(file.name))).units
        except oktmo.OktmoFileError as error:
            message = str(error)
    assert message is None or re.search("[а-я]", message)
    assert all(re.fullmatch(r"\d{8}", unit.code) for unit in units)
