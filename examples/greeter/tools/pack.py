"""Packs a package into one file that Python can run: ``pack.py PACKAGE TARGET.pyz``."""

import sys
import zipapp
from pathlib import Path


def main(package: str, target: str) -> None:
    Path(target).parent.mkdir(exist_ok=True)
    zipapp.create_archive(
        ".",
        target,
        interpreter="/usr/bin/env python3",
        main=f"{package}.__main__:main",
        filter=lambda path: path.parts[0] == package and path.suffix in ("", ".py"),
    )
    print(f"{target}: {Path(target).stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
