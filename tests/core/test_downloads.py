import csv
import io

import pytest

from okmo_portal.core.downloads import csv_response


def read(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


def test_file_opens_in_a_russian_spreadsheet():
    response = csv_response(
        "a.csv", ["Название", "Число"], [["Ясный; бор", 5], ["«Кавычки»", None]]
    )
    assert response.content.startswith("\ufeff".encode())
    assert read(response) == [["Название", "Число"], ["Ясный; бор", "5"], ["«Кавычки»", ""]]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("@SUM(A1)", "'@SUM(A1)"), ("+7 900", "'+7 900"),
     ("-5,5", "-5,5"), ("-1", "-1"), ("обычный", "обычный")],
)  # fmt: skip
def test_no_cell_is_run_as_a_formula(cell, shown):
    assert read(csv_response("a.csv", ["x"], [[cell]]))[1] == [shown]
