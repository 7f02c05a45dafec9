"""``python -m benchmarks [APP [MODULE]]``: run each ``benchmarks/<app>/*.py`` module's ``run()``.

One line per figure: name, value, unit, bar, ok or short. Each module runs in a process of its own,
because Django is set up for one database only; what one module breaks, the next does not inherit.
"""

import importlib
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        return run_module(*arguments)
    root = Path(__file__).parent
    chosen = arguments[0] if arguments else "*"
    modules = sorted(path for path in root.glob(f"{chosen}/*.py") if path.name != "__init__.py")
    if not modules:
        print(f"No benchmarks for {chosen}.", file=sys.stderr)
        return 1
    codes = [
        subprocess.run([sys.executable, "-m", "benchmarks", path.parent.name, path.stem]).returncode
        for path in modules
    ]
    return max(codes)


def run_module(app: str, name: str) -> int:
    module = importlib.import_module(f"benchmarks.{app}.{name}")
    for figure in module.run():
        print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
