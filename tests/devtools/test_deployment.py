import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.urls import URLPattern, get_resolver

from okmo_portal.devtools import demo, services, translations

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_compose_has_every_service_with_a_health_check():
    wanted = {"web", "worker", "worker-report", "beat", "db", "redis", "proxy"}
    assert set(COMPOSE["services"]) == wanted
    assert all("healthcheck" in service for service in COMPOSE["services"].values())
    assert COMPOSE["services"]["db"]["image"] == "postgres:18"


def test_compose_variables_are_documented():
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    documented = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M))
    assert used == documented


def compose_command():
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            found = subprocess.run([*command, "version"], capture_output=True)
            if found.returncode == 0:
                return command
    return None


def test_compose_file_is_valid_where_docker_is():
    command = compose_command()
    if command is None:
        pytest.skip("no docker compose here: apt-get install docker-compose")
    documented = (ROOT / ".env.example").read_text("utf-8")
    values = dict.fromkeys(re.findall(r"^([A-Z_]+)=", documented, re.M), "x")
    result = subprocess.run(
        [*command, "-f", "docker-compose.yml", "config", "--quiet"],
        cwd=ROOT, env=os.environ | values, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["web", "worker", "worker-report", "beat"])
def test_compose_entry_points_exist(name):
    program, *rest = COMPOSE["services"][name]["command"]
    bin_dir = Path(sys.executable).parent
    options = [part for part in rest if part.startswith("--")]
    subcommand = rest[2:3] if program == "celery" else []
    command = [bin_dir / program, *(rest[:2] if program == "celery" else []), *subcommand, "--help"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "okmo_portal.settings.test"}
    result = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT)
    assert result.returncode == 0
    assert [option for option in options if option not in result.stdout] == []


def test_taken_port_is_told_in_one_sentence():
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(services.ServiceError, match="in use"):
            demo.check_port(holder.getsockname()[1])


def test_no_space_is_told_in_one_sentence(monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(services.shutil, "disk_usage", lambda path: usage._replace(free=1024))
    with pytest.raises(services.ServiceError, match="Free some space"):
        services.check_space(tmp_path)


def test_translations_are_complete():
    assert translations.problems() == []


def url_names():
    """Every named address of the portal's own apps as ``namespace:name``."""

    def walk(patterns, prefix):
        for item in patterns:
            if isinstance(item, URLPattern):
                if item.name:
                    yield prefix + item.name
            else:
                yield from walk(
                    item.url_patterns, f"{item.namespace}:" if item.namespace else prefix
                )

    return set(walk(get_resolver().url_patterns, ""))


def feature_rows():
    """The rows of docs/features.md as (feature, role, page, proof)."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (ROOT / "docs/features.md").read_text("utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| feature", "| ---"))
    ]


def test_features_name_pages_that_exist():
    assert len(feature_rows()) > 80
    names = url_names()
    missing = {
        name
        for _feature, _role, page, _proof in feature_rows()
        for name in re.findall(r"`([\w:-]+)`", page)
        if name not in names
    }
    assert missing == set()


#: Table 1a of the research that the issue of the report names.
REPORT_ROWS = {*map(str, range(1, 38)), *(f"N{number}" for number in range(1, 15))}


def test_features_name_every_research_row_of_the_report():
    text = (ROOT / "docs/features.md").read_text("utf-8").partition("\n## Media")[0]
    named = set()
    for line in text.splitlines():
        feature = line.partition("|")[2].partition("|")[0]
        for words in re.findall(r"\(([^()]*)\)", feature):
            words = re.sub(r"complaints? [\d, –-]+", "", words)
            named |= set(re.findall(r"\bN?\d{1,2}\b", words))
    assert named >= REPORT_ROWS, REPORT_ROWS - named


def test_features_name_tests_and_benchmark_lines_that_exist():
    benchmarks = "".join(
        path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*/*.py")
    ).replace("{name}", "")
    missing = []
    for feature, _role, _page, proof in feature_rows():
        named = re.findall(r"`([^`]+)`", proof)
        found = named and all(
            proof_exists(name) if name.startswith("tests/") else bench_line_exists(name, benchmarks)
            for name in named
        )
        if not found:
            missing.append((feature, proof))
    assert missing == []


def proof_exists(name):
    path, _, function = name.partition("::")
    file = ROOT / path
    return file.is_file() and f"def {function}(" in file.read_text("utf-8")


def bench_line_exists(line, sources):
    """A figure's name stands in the source whole, or as the app's prefix and a listed part."""
    if f'"{line}"' in sources:
        return True
    app, _, name = line.partition(".")
    part, _, kind = name.rpartition("_")
    return f'f"{app}._{kind}"' in sources and f'"{part}":' in sources


def test_guides_show_pictures_that_exist_and_all_of_them():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    shown = {
        (page.parent / target).resolve()
        for page in pages
        for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text("utf-8"))
    }
    assert shown == set((ROOT / "docs/images").glob("*.png"))


def test_links_of_the_documents_lead_somewhere():
    broken = [
        (page.name, target)
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+)\)", page.read_text("utf-8"))
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert broken == []
