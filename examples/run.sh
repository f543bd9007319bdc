#!/bin/sh
# Runs one example in a fresh copy of its folder:  sh examples/run.sh NAME [FOLDER]
# The copy is FOLDER, which must not exist yet, or build/NAME below the root of this repository, which is made anew.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
name=${1:-}
if [ ! -f "$here/$name/steps.sh" ]; then
    echo "usage: sh examples/run.sh NAME [FOLDER]; the examples are:" >&2
    (cd "$here" && ls -d */) >&2
    exit 2
fi
if [ $# -gt 1 ]; then
    copy=$2
    [ ! -e "$copy" ] || { echo "$copy exists already" >&2; exit 2; }
else
    copy=$root/build/$name
    rm -rf "$copy"
fi

mkdir -p "$copy"
cp -R "$here/$name/." "$copy"
cd "$copy"
(umask 077 && mkdir -p .qwen/orchestration) # this folder is a project of its own, whatever is around it

command -v qwen-orch >/dev/null || PATH=$root/.venv/bin:$PATH
export PATH
command -v qwen-orch >/dev/null || { echo "qwen-orch is not installed: pip install ." >&2; exit 1; }
exec sh steps.sh
