"""Writes ``SHA256SUMS`` of a folder, or with ``--verify`` fails when a file does not fit: ``checksums.py FOLDER``."""

import hashlib
import sys
from pathlib import Path

NAME = "SHA256SUMS"


def sums(folder: Path) -> str:
    files = sorted(p for p in folder.iterdir() if p.name != NAME)
    return "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files)


def main(folder: Path, verify: bool) -> None:
    if verify and (folder / NAME).read_text() != sums(folder):
        raise SystemExit(f"{folder / NAME} does not fit the files")
    (folder / NAME).write_text(sums(folder))
    print(sums(folder), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--verify" in sys.argv)
