"""``python -m benchmarks.plain_weasyprint FILE``: one document, one process; prints its seconds."""

import sys
import time
from pathlib import Path

import weasyprint

ROOT = Path(__file__).resolve().parents[1]


def main(path):
    started = time.perf_counter()
    weasyprint.HTML(path).render(
        stylesheets=[weasyprint.CSS(ROOT / "static/okmo/css/report.css")],
        pdf_variant="pdf/ua-1",
        pdf_tags=True,
    ).write_pdf(Path(path).with_suffix(".pdf"), pdf_variant="pdf/ua-1", pdf_tags=True)
    seconds = time.perf_counter() - started
    print(f"{seconds:.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
