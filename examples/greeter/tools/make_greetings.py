"""Turns the table of greetings into a module: ``make_greetings.py TABLE.csv MODULE.py``."""

import csv
import sys
from pathlib import Path


def main(table: str, module: str) -> None:
    with Path(table).open(encoding="utf-8", newline="") as rows:
        greetings = {row["code"]: row["greeting"] for row in csv.DictReader(rows)}
    lines = [f"    {code!r}: {greeting!r},\n" for code, greeting in sorted(greetings.items())]
    text = f'"""Generated from {table}; do not edit."""\n\nGREETINGS = {{\n{"".join(lines)}}}\n'
    Path(module).write_text(text, encoding="utf-8")
    print(f"{len(greetings)} greetings written to {module}")


if __name__ == "__main__":
    main(*sys.argv[1:])
