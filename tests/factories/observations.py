"""A data set, and a file of it that was uploaded and checked."""

from django.core.files.uploadedfile import SimpleUploadedFile

from annual_report.models import Dataset
from annual_report.services import observations as services

HEADER = "oktmo,indicator,period,value\n"


def make_dataset(code="rosstat", **fields):
    defaults = {"title": f"Набор {code}", "publisher": "Росстат", "source": "Росстат"}
    return Dataset.objects.create(code=code, **defaults | fields)


def upload(content, by, *, name="население.csv", dataset=None, chosen=None):
    if isinstance(content, str):
        content = content.encode()
    return services.register_file(
        file=SimpleUploadedFile(name, content), dataset=dataset or make_dataset(),
        chosen=chosen, by=by,
    )  # fmt: skip


def make_observations(municipality, by):
    """One good row and one refused, checked and not yet taken."""
    rows = f"{municipality.oktmo},C01,2023,10\n99999999,C01,2023,1\n"
    return services.check_file(run=upload(HEADER + rows, by), by=by)
