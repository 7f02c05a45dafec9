"""``python -m benchmarks [APP]``: run each ``benchmarks/<app>/*.py`` module's ``run()``.

One line per figure: name, value, unit, bar, ok or short.
"""

import importlib
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    root = Path(__file__).parent
    chosen = arguments[0] if arguments else "*"
    modules = sorted(path for path in root.glob(f"{chosen}/*.py") if path.name != "__init__.py")
    if not modules:
        print(f"No benchmarks for {chosen}.", file=sys.stderr)
        return 1
    for path in modules:
        module = importlib.import_module(f"benchmarks.{path.parent.name}.{path.stem}")
        for figure in module.run():
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
