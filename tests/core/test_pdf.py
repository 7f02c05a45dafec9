import pikepdf
import pytest

from okmo_portal.core.charts import Series, bar_chart, line_chart
from okmo_portal.core.pdf import Part, join_parts, render_pdf

STYLES = ("okmo/css/report.css",)


def page(body):
    return f'<!doctype html><html lang="ru"><head><title>Т</title></head><body>{body}</body></html>'


@pytest.mark.slow
def test_joined_report_has_tags_contents_and_bookmarks(tmp_path):
    parts = []
    for number, length in ((1, 2), (2, 1)):
        path = tmp_path / f"{number}.pdf"
        breaks = '<p style="break-after: page">Текст</p>' * (length - 1)
        body = f"<h1>Глава {number}</h1>{breaks}<h2>Раздел</h2><p>Конец</p>"
        assert render_pdf(page(body), path, stylesheets=STYLES) == length
        parts.append(Part(f"Глава {number}", path))
    seen = []

    def front(entries):
        seen.append([(entry.title, entry.page) for entry in entries])
        return page(
            '<div class="cover"><h1>Доклад</h1></div><section class="contents"><h1>С</h1></section>'
        )

    def stamps(pages):
        return page("".join(f'<div class="stamp">{n} из {total}</div>' for _, n, total in pages))

    target = tmp_path / "all.pdf"
    assert (
        join_parts(parts, target, front=front, stamps=stamps, stylesheets=STYLES, title="Доклад")
        == 5
    )
    assert seen[-1] == [("Глава 1", 3), ("Глава 2", 5)]
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == 5
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "ru"
        assert len(pdf.Root.StructTreeRoot.K.K) == 3
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Глава 1", "Глава 2"]
            assert [item.title for item in outline.root[0].children] == ["Раздел"]


def test_pdf_refuses_foreign_addresses(tmp_path, caplog):
    path = tmp_path / "x.pdf"
    render_pdf(page('<img src="http://example.invalid/a.png" alt="x">'), path, stylesheets=STYLES)
    assert "address refused in a PDF" in caplog.text


def test_bar_chart_table_twin_holds_the_same_numbers():
    chart = bar_chart(["Север", "Юг"], [Series("Итог", [1200, None])], title="Т", unit="ед.")
    assert chart.headers == ["", "Итог, ед."]
    assert chart.rows == [["Север", "1\u00a0200"], ["Юг", "—"]]
    assert "нет данных" in chart.svg
    assert "style=" not in chart.svg


def test_line_chart_breaks_at_a_gap():
    chart = line_chart(["1", "2", "3"], [Series("А", [1, None, 3])], title="Т")
    assert "polyline" not in chart.svg
    assert chart.svg.count("<circle") == 2
