import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from okmo_portal.documents.validators import check_file


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
