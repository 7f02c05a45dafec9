"""The staff's pages of the import: upload, mapping on a preview, dry run, import, result."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annual_report.models import (
    Dataset,
    ImportMapping,
    Indicator,
    Observation,
    ObservationImport,
)
from annual_report.services import observations as services
from annual_report.tasks import check_observations, take_observations
from okmo_portal.audit.models import AuditEvent
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.organisations.services.staff import sync_staff_access
from okmo_portal.workflow.models import StateChange
from tests.factories import people
from tests.factories.observations import HEADER, make_dataset, upload
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db

ALTAI = "01605000"
ROWS = f"{ALTAI},C01,2023,10\n{ALTAI},C01,2024,12\n29999000,C01,2023,1\n=1+1,C01,2023,1\n"


@pytest.fixture(autouse=True)
def staff(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    make_form()
    Indicator.objects.filter(code__in=["C01", "C04"]).update(max_value=10**9)
    people.MunicipalityFactory(oktmo=ALTAI)
    user = people.congress_staff()
    people.sign_in(client, user)
    return user


def address(name, *arguments):
    return reverse(f"annual_report:observation-{name}", args=arguments)


def post_file(client, content, name="данные.csv", **data):
    data.setdefault("dataset", Dataset.objects.first().pk)
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(address("upload"), data | {"file": file})


def act(client, run, action, **data):
    return client.post(address("act", run.pk, action), data)


def perform(job_id):
    """Run the queued task here, as the worker would."""
    job = Job.objects.get(pk=job_id)
    task = {task.name: task for task in (check_observations, take_observations)}[job.task]
    task(job_id=str(job.pk), **job.arguments)
    job.refresh_from_db()
    return job


def counts(run):
    run.refresh_from_db()
    return [run.state, run.read, run.new, run.changed, run.unchanged, run.refused]


def test_a_file_in_the_long_form_goes_from_upload_to_result(client, staff):
    make_dataset()
    answer = post_file(client, HEADER + ROWS)
    run = ObservationImport.objects.get()
    assert answer["Location"] == run.get_absolute_url()
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Проверить без записи" in page
    assert f"<td>{ALTAI}</td>" in page
    act(client, run, "take")
    assert Job.objects.count() == 0
    answer = act(client, run, "check")
    job = perform(Job.objects.get().pk)
    assert answer["Location"] == job.get_absolute_url()
    assert (job.state, job.result_url) == (JobState.SUCCEEDED, run.get_absolute_url())
    assert counts(run) == ["checked", 4, 2, 0, 0, 2]
    assert Observation.objects.count() == 0
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Принять: 2 новых, 0 изменённых" in page
    assert "Такого кода территории нет в реестре" in page
    act(client, run, "take")
    assert perform(Job.objects.first().pk).state == JobState.SUCCEEDED
    assert counts(run) == ["done", 4, 2, 0, 0, 2]
    assert set(Observation.objects.values_list("taken_from", "value")) == {
        (run.pk, 10),
        (run.pk, 12),
    }
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Что принято" in page
    assert "<form" not in page.split("<main", 1)[1]
    labels = [row.label for row in StateChange.objects.of(run)]
    assert labels == ["Наблюдения приняты", "Файл проверен"]
    event = AuditEvent.objects.get(action="annual_report.took_observations")
    assert (event.actor, event.subject_id) == (staff, str(run.pk))
    act(client, run, "check")
    assert counts(run)[0] == "done"


def test_refused_rows_are_a_file_that_runs_no_formulas(client, staff):
    run = services.check_file(run=upload(HEADER + ROWS, staff), by=staff)
    answer = client.get(address("rejected", run.pk))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text), delimiter=";"))
    assert [row["Строка"] for row in rows] == ["4", "5"]
    assert [row["Код территории"] for row in rows] == ["29999000", "'=1+1"]
    assert rows[0]["Как исправить"].startswith("Проверьте код.")
    clean = services.check_file(run=upload(HEADER, staff, dataset=run.dataset), by=staff)
    assert client.get(address("rejected", clean.pk)).status_code == 404


def test_the_same_file_twice_changes_nothing_and_says_so(client, staff):
    run = services.check_file(run=upload(HEADER + ROWS, staff), by=staff)
    services.take_file(run=run, by=staff)
    again = services.check_file(run=upload(HEADER + ROWS, staff, dataset=run.dataset), by=staff)
    assert counts(again) == ["checked", 4, 0, 0, 2, 2]
    page = client.get(again.get_absolute_url()).content.decode()
    assert "Этот же файл уже принимали" in page
    assert "Принять: 0 новых, 0 изменённых" in page


def test_a_task_that_is_delivered_twice_takes_the_file_once(client, staff):
    run = services.check_file(run=upload(HEADER + ROWS, staff), by=staff)
    act(client, run, "take")
    job = perform(Job.objects.get().pk)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    assert perform(job.pk).state == JobState.SUCCEEDED
    assert Observation.objects.count() == 2
    assert StateChange.objects.of(run).filter(transition="take_import").count() == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Отправленный файл пуст"),
        (b" \n", "Файл пуст."),
        (b"\x7fELF\x00\x00", "Это не таблица."),
        (b"PK\x03\x04xx", "Файл повреждён."),
    ],
)
def test_a_file_that_is_no_table_is_not_kept(client, content, message, settings):
    make_dataset()
    page = post_file(client, content).content.decode()
    assert message in page
    assert ObservationImport.objects.count() == 0
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_a_mapping_of_another_data_set_is_refused(client):
    make_dataset()
    mapping = ImportMapping.objects.create(name="m", dataset=make_dataset("other"), columns={})
    page = post_file(
        client, HEADER, dataset=Dataset.objects.get(code="rosstat").pk, mapping=mapping.pk
    )
    assert "Это сопоставление для набора «Набор other»" in page.content.decode()


def test_a_file_that_cannot_be_read_says_why_on_its_page(client, staff):
    run = upload("a,b\n1,2\n", staff)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Указать столбцы" in page
    assert "Проверить без записи" not in page
    act(client, run, "check")
    job = perform(Job.objects.get().pk)
    assert job.state == JobState.FAILED
    assert job.error.startswith("Строение файла не опознано.")
    run.refresh_from_db()
    assert run.state == "failed"
    assert "Строение файла не опознано." in client.get(run.get_absolute_url()).content.decode()


# --- the builder -----------------------------------------------------------------------------------


def wide_workbook():
    target = BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet("Обложка")
        sheet.write_row(0, 0, ["Сборник"])
        sheet = book.add_worksheet("Таблица 1")
        rows = [
            ["Численность и обучение", "", "", ""],
            ["Территория", "Код", "Должности, тыс.", ""],
            ["", "", 2023, 2024],
            ["Алтайский край", "", 9, 9],
            ["Алейский", 1605000, 1.5, "2,25"],
        ]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        sheet.merge_range("C2:D2", "Должности, тыс.")
    return target.getvalue()


def builder(client, run, query, roles, **data):
    """Open the builder, fill in what it asks, and send it back."""
    path = f"{address('mapping', run.pk)}?{query}"
    page = client.get(path)
    assert page.status_code == 200
    rows = page.context["rows"]
    posted = {
        "name": "wide", "system": "oktmo",
        "column-TOTAL_FORMS": len(rows), "column-INITIAL_FORMS": len(rows),
    }  # fmt: skip
    for number, row in enumerate(rows):
        given = roles.get(row["header"], {})
        posted |= {f"column-{number}-{name}": value for name, value in given.items()}
    return client.post(path, posted | data)


QUERY = "sheet=Таблица+1&header_row=2&header_rows=2"
ROLES = {
    "Код": {"role": "territory"},
    "Должности, тыс. / 2023": {
        "role": "value", "indicator": "C01", "year": "2023", "multiplier": "1000"},
    "Должности, тыс. / 2024": {
        "role": "value", "indicator": "C01", "year": "2024", "multiplier": "1000"},
}  # fmt: skip


def test_a_wide_sheet_is_mapped_on_its_preview_and_taken(client, staff):
    run = upload(wide_workbook(), staff, name="сборник.xlsx")
    page = client.get(f"{address('mapping', run.pk)}?{QUERY}")
    assert [row["header"] for row in page.context["rows"]] == ["Территория", *ROLES]
    assert page.context["rows"][1]["samples"] == ["1605000"]
    answer = builder(client, run, QUERY, ROLES, skip=["blank_territory"], repairs=["leading_zero"])
    assert answer.status_code == 302
    mapping = ImportMapping.objects.get()
    assert (mapping.name, mapping.sheet, mapping.header_row, mapping.header_rows) == (
        "wide", "Таблица 1", 2, 2,
    )  # fmt: skip
    assert (mapping.layout, mapping.created_by) == ("wide", staff)
    assert mapping.options == {"skip": ["blank_territory"], "repairs": ["leading_zero"]}
    run.refresh_from_db()
    services.check_file(run=run, by=staff)
    assert counts(run) == ["checked", 4, 2, 0, 0, 0]
    assert (run.left_out, run.repaired) == (2, {"leading_zero": 2})
    services.take_file(run=run, by=staff)
    assert sorted(Observation.objects.values_list("value", flat=True)) == [1500, 2250]


def test_the_builder_shows_what_is_saved_and_changes_it(client, staff):
    run = upload("code;sex;year;money\n01605000;м;2024;5\n01605000;ж;2024;6\n", staff)
    roles = {
        "code": {"role": "territory"}, "sex": {"role": "sum", "values": "м; ж"},
        "year": {"role": "period"}, "money": {"role": "value"},
    }  # fmt: skip
    options = {
        "indicator_code": "C04", "shift": "-1", "year_multipliers": "2023-2024 = 1000",
        "indicators": "a=b = C01", "decimal": ",", "thousands": ".", "no_unit_check": "C01 C04",
        "title": "Обучение",
    }  # fmt: skip
    assert builder(client, run, "", roles, **options).status_code == 302
    mapping = ImportMapping.objects.get()
    assert mapping.columns["period"] == {"column": "year", "shift": -1}
    assert mapping.options["year_multipliers"] == [
        {"from": "2023", "to": "2024", "multiplier": "1000"}
    ]
    assert mapping.options["indicators"] == {"a=b": "C01"}
    page = client.get(address("mapping", run.pk))
    shown = page.context["form"].initial
    assert {name: shown[name] for name in options if name != "shift"} == {
        name: value for name, value in options.items() if name != "shift"
    }
    assert shown["shift"] == -1
    assert [row["form"].initial["role"] for row in page.context["rows"]] == [
        "territory", "sum", "period", "value",
    ]  # fmt: skip
    assert builder(client, run, "", roles, **options | {"indicator_code": "C01"}).status_code == 302
    assert ImportMapping.objects.get().columns["indicator"] == {"code": "C01"}
    services.check_file(run=run, by=staff)
    services.take_file(run=run, by=staff)
    stored = Observation.objects.get()
    assert (stored.year, stored.value) == (2023, Decimal(11000))


@pytest.mark.parametrize(
    ("roles", "data", "message"),
    [
        ({}, {}, "Укажите столбец с кодом территории."),
        ({"oktmo": {"role": "territory"}}, {}, "Укажите хотя бы один столбец со значениями."),
        ({"oktmo": {"role": "territory"}, "value": {"role": "value"}}, {},
         "Столбец «value»: не сказано, какой это показатель."),
        ({"oktmo": {"role": "territory"}, "period": {"role": "territory"}}, {},
         "«код территории» — только один столбец, а отмечено 2."),
        ({"period": {"role": "only"}}, {}, "Перечислите через «;», какие строки."),
        ({"oktmo": {"role": "territory"}, "value": {"role": "value", "multiplier": "много"}},
         {"indicator_code": "C01", "year": "2023"}, "множитель — число больше нуля"),
        ({}, {"name": "имя по-русски"}, "Нужны латинские буквы, цифры и дефис"),
        ({}, {"units": "рубль"}, "Укажите столбец с кодом территории."),
    ],
)  # fmt: skip
def test_a_mapping_that_says_too_little_is_refused(client, staff, roles, data, message):
    run = upload(HEADER + ROWS, staff)
    page = builder(client, run, "", roles, **data)
    assert page.status_code == 200
    assert message in page.content.decode()
    assert ImportMapping.objects.count() == 0


def test_another_mappings_name_is_not_taken_by_mistake(client, staff):
    run = upload(HEADER + ROWS, staff)
    ImportMapping.objects.create(name="wide", dataset=run.dataset, columns={"values": []})
    roles = {
        "oktmo": {"role": "territory"}, "indicator": {"role": "indicator"},
        "period": {"role": "period"}, "value": {"role": "value"},
    }  # fmt: skip
    page = builder(client, run, "", roles)
    assert "Сопоставление «wide» уже есть." in page.content.decode()
    assert ImportMapping.objects.get().columns == {"values": []}


def test_a_chosen_mapping_must_be_checked_anew(client, staff):
    run = services.check_file(run=upload(HEADER + ROWS, staff), by=staff)
    mapping = ImportMapping.objects.create(
        name="m", dataset=run.dataset,
        columns={
            "territory": {"column": "oktmo"}, "indicator": {"code": "C04"},
            "period": {"column": "period"}, "values": [{"column": "value"}],
        },
    )  # fmt: skip
    act(client, run, "choose", mapping=mapping.pk)
    assert counts(run) == ["uploaded", 0, 0, 0, 0, 0]
    act(client, run, "take")
    assert Job.objects.count() == 0
    other = ImportMapping.objects.create(name="o", dataset=make_dataset("other"), columns={})
    act(client, run, "choose", mapping=other.pk)
    run.refresh_from_db()
    assert run.mapping == mapping


def test_long_form_columns_are_suggested(client, staff):
    run = upload("Код ОКТМО;Показатель;Год;Значение\n", staff)
    rows = client.get(address("mapping", run.pk)).context["rows"]
    assert [row["form"].initial["role"] for row in rows] == [
        "territory", "indicator", "period", "value",
    ]  # fmt: skip


# --- the admin -------------------------------------------------------------------------------------


@pytest.fixture
def many(client, staff):
    sync_staff_access(user=staff)
    rows = "".join(f"{ALTAI},C0{n},{year},{n}\n" for n in (1, 4) for year in (2022, 2023))
    run = services.check_file(run=upload(HEADER + rows, staff), by=staff)
    services.take_file(run=run, by=staff)
    other = upload(HEADER + f"{ALTAI},C01,2023,9\n", staff, dataset=make_dataset("other"))
    services.take_file(run=services.check_file(run=other, by=staff), by=staff)
    return run


def changelist(client, query=""):
    return client.get(reverse("admin:annual_report_observation_changelist") + query)


def test_observations_are_filtered_in_the_admin(client, many):
    posts = Indicator.objects.get(code="C01").pk
    for query, expected in (
        ("", 5), (f"?dataset={many.dataset_id}", 4), (f"?indicator={posts}", 3),
        ("?year=2023", 3), (f"?indicator={posts}&year=2023&dataset={many.dataset_id}", 1),
        (f"?q={ALTAI}", 5), ("?q=Ясноборский", 5), ("?q=Нигде", 0), ("?year=x", 0),
        ("?dataset=99999999999999999999", 0),
    ):  # fmt: skip
        answer = changelist(client, query)
        assert answer.status_code == 200
        assert answer.context["cl"].result_count == expected, query


def test_no_count_over_all_observations(client, many, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr("annual_report.admin.observation.MOST_COUNTED", 2)
    with django_assert_max_num_queries(25) as captured:
        answer = changelist(client)
    assert answer.context["cl"].result_count == 3
    counting = [query["sql"] for query in captured if "COUNT(" in query["sql"] and
                "annual_report_observation" in query["sql"]]  # fmt: skip
    assert counting
    assert all("LIMIT 3" in sql for sql in counting)


def test_the_filtered_part_is_exported_as_the_import_takes_it(client, many, staff, monkeypatch):
    path = reverse("admin:annual_report_observation_export") + f"?dataset={many.dataset_id}"
    content = b"".join(client.get(path).streaming_content)
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0] == "dataset;oktmo;indicator;period;value"
    assert sorted(lines[1:])[0] == f"rosstat;{ALTAI};C01;2022;1.000000"
    assert len(lines) == 5
    again = services.check_file(run=upload(content, staff, dataset=many.dataset), by=staff)
    assert counts(again) == ["checked", 4, 0, 0, 4, 0]
    monkeypatch.setattr("annual_report.admin.observation.MOST_EXPORTED", 3)
    assert client.get(path).status_code == 302


def test_a_wrong_mapping_is_refused_in_the_admin(client, staff):
    sync_staff_access(user=staff)
    dataset = make_dataset()
    data = {
        "name": "m", "dataset": dataset.pk, "layout": "long", "header_row": 1, "header_rows": 1,
        "columns": '{"territory": {"column": "a"}}', "options": "{}",
    }  # fmt: skip
    path = reverse("admin:annual_report_importmapping_add")
    assert "Укажите хотя бы один столбец со значениями." in client.post(path, data).content.decode()
    columns = '{"territory": {"column": "a"}, "indicator": {"code": "C01"}, "period": {"year": 2023}, "values": [{"column": "b"}]}'
    client.post(path, data | {"columns": columns})
    assert ImportMapping.objects.get().created_by == staff
