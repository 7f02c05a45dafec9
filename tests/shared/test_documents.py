import io
import re
import socket
import struct
import threading
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from okmo_portal.audit.models import AuditEvent
from okmo_portal.documents.models import Document
from okmo_portal.documents.services import store_document
from okmo_portal.documents.validators import check_file
from tests.factories import people


def archive(**entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


def test_kind_is_told_by_content_not_by_name():
    assert check_file(b"%PDF-1.4\n", "photo.jpg").suffix == ".pdf"
    with pytest.raises(ValidationError, match="не принимается"):
        check_file(b"MZ\x90\x00" + b"\0" * 60, "report.pdf")


def test_images_lose_their_exif():
    source = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (8, 8)).save(source, "JPEG", exif=exif)
    assert b"SecretCamera" in source.getvalue()
    assert b"SecretCamera" not in check_file(source.getvalue(), "a.jpg").content


def test_macros_bombs_and_plain_archives_are_refused():
    with pytest.raises(ValidationError) as macros:
        check_file(archive(word__document_xml="x", word__vbaProject_bin="x"), "a.docx")
    assert macros.value.code == "macros"
    with pytest.raises(ValidationError) as bomb:
        check_file(archive(word__document_xml="0" * 5_000_000), "a.docx")
    assert bomb.value.code == "bomb"
    with pytest.raises(ValidationError) as plain:
        check_file(archive(readme_txt="hello"), "a.docx")
    assert plain.value.code == "kind"
    assert check_file(archive(word__document_xml="text"), "a.bin").suffix == ".docx"


class Scanner(threading.Thread):
    """Speaks clamd's INSTREAM protocol; says FOUND for the EICAR test string."""

    def __init__(self, answer=None):
        super().__init__(daemon=True)
        self.answer, self.socket = answer, socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        connection, _ = self.socket.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            content = b""
            while length := struct.unpack("!L", stream.read(4))[0]:
                content += stream.read(length)
            found = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE" in content
            connection.sendall(
                self.answer or (b"stream: Eicar FOUND\0" if found else b"stream: OK\0")
            )


@pytest.fixture
def scanner(settings):
    def start(answer=None):
        thread = Scanner(answer)
        thread.start()
        settings.CLAMD_ADDRESS = thread.address

    return start


EICAR = rb"%PDF-1.4 X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.django_db
def test_virus_is_refused_and_not_stored(scanner, settings):
    scanner()
    with pytest.raises(ValidationError, match="вирус"):
        store_document(file=SimpleUploadedFile("a.pdf", EICAR), by=people.UserFactory())
    assert Document.objects.count() == 0
    assert not list(settings.MEDIA_ROOT.rglob("*.pdf"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "status"), [(None, 200), (b"stream: size limit exceeded ERROR\0", 404)]
)
def test_nothing_unscanned_is_served_where_a_scanner_is_configured(client, scanner, answer, status):
    scanner(answer)
    user = people.UserFactory()
    document = store_document(file=SimpleUploadedFile("a.pdf", b"%PDF-1.4\n"), by=user)
    people.sign_in(client, user)
    assert client.get(f"/files/{document.pk}/").status_code == status


@pytest.mark.django_db
def test_silent_scanner_leaves_the_file_unscanned(client, settings):
    settings.CLAMD_ADDRESS = "127.0.0.1:9"
    user = people.UserFactory()
    document = store_document(file=SimpleUploadedFile("a.pdf", b"%PDF-1.4\n"), by=user)
    assert document.scan_state == "not_scanned"
    people.sign_in(client, user)
    assert client.get(f"/files/{document.pk}/").status_code == 404


@pytest.mark.django_db
def test_file_is_an_attachment_under_a_random_name(client, settings):
    user = people.UserFactory()
    upload = SimpleUploadedFile("Приказ №1.pdf", b"%PDF-1.4\n")
    document = store_document(file=upload, by=user)
    people.sign_in(client, user)
    answer = client.get(f"/files/{document.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"documents/../[0-9a-f]{32}\.pdf", document.file.name)
    assert AuditEvent.objects.filter(action="documents.read", actor=user).count() == 1


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nbroken", b"PK\x03\x04broken"])
def test_broken_files_get_a_sentence(content):
    with pytest.raises(ValidationError) as caught:
        check_file(content, "a.png")
    assert caught.value.message.endswith(".")


def test_huge_picture_is_refused_without_being_unpacked():
    source = io.BytesIO()
    Image.new("1", (9000, 9000)).save(source, "PNG")
    with pytest.raises(ValidationError) as caught:
        check_file(source.getvalue(), "a.png")
    assert caught.value.code == "pixels"
