"""`python bench [PART ...] [--record]`: side by side with peers, as ratios.

All but web is counted in CPU seconds of this process or its children, so that a busy machine changes little.
`--record` writes the figures into the table of bench/README.md.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
# Part → libraries whose versions go with its figures; those from npm stand in peers/package.json.
PARTS = {
    "screening": ("zen-engine",),
    "answers": ("pydantic",),
    "population": ("duckdb", "narwhals", "pyarrow"),
    "plan": ("pydantic", "typst"),
    "documents": ("typst", "weasyprint"),
    "concepts": ("rapidfuzz",),
    "layout": ("scipy", "point-cloud-utils", "trimesh", "pygeodesic"),
    "map_edit": ("numpy", "scipy"),
    "web": ("django", "granian", "pysqlite3"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which (all)")
    parser.add_argument("--record", action="store_true", help="write the figures into bench/README.md")
    args = parser.parse_args()
    sys.path.insert(0, str(HERE))
    for name in args.part or PARTS:
        print(f"## {name}")
        lines = importlib.import_module(f"{name}_bench").run()
        print("\n".join(lines))
        if args.record:
            record(name, lines)
    return 0


def record(name: str, lines: list[str]) -> None:
    """Replace the part's figures in the README, between its two marks."""
    path = HERE / "README.md"
    libraries = ", ".join(f"{library} {version(library)}" for library in PARTS[name])
    machine = (
        f"Measured {date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}: "
        f"`python bench {name}`"
    )
    block = "\n".join([f"<!-- {name} -->", machine, "", *lines, f"<!-- /{name} -->"])
    text = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _: block, path.read_text(), flags=re.S)
    path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
