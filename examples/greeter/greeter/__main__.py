"""The command line: ``python3 -m greeter [--language CODE] NAME``."""

import argparse

from greeter import GREETINGS, greet


def main() -> None:
    parser = argparse.ArgumentParser(prog="greeter", description="Greets somebody.")
    parser.add_argument("name")
    parser.add_argument("--language", choices=sorted(GREETINGS), default="en")
    chosen = parser.parse_args()
    print(greet(chosen.name, chosen.language))


if __name__ == "__main__":
    main()
