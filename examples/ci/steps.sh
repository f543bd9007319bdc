# The gate closes on a plan that claims too much, and opens once the code is mended.
set -eu
PS4='
$ '
set -x

code=0
sh gate.sh || code=$?
test "$code" -eq 4
cat report.md

printf '%s\n' '"""Adds up the numbers on standard input, one a line; blank lines count as nothing."""' '' 'import sys' '' \
    'print(sum(int(line) for line in sys.stdin if line.strip()))' >totals.py
sh gate.sh
