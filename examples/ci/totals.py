"""Adds up the numbers on standard input, one a line."""

import sys

print(sum(int(line) for line in sys.stdin))
