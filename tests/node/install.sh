#!/bin/sh
# Install what tests/agents drives, the real Qwen Code, and a node that runs it. Does nothing when both are there.
#   sh tests/node/install.sh
# The tests look for it here; QWEN_ORCH_TEST_QWEN=/path/to/qwen names another one, and then none is installed.
set -eu
cd "$(dirname "$0")"
oldest=20
PATH="$PWD/node_modules/.bin:$PATH"

quietly() { # run a command; when it fails, show the end of what it printed, without the addresses in it
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return; fi
    echo "tests/node/install.sh: failed: $*" >&2
    tail -n 20 "$log" | sed 's|[a-z+]*://[^ ]*|(address)|g' >&2
    rm -f "$log"
    return 1
}

node_major() { node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' | grep . || echo 0; }

installed() { node -p 'require("./node_modules/@qwen-code/qwen-code/package.json").version' 2>/dev/null || true; }

wanted() { sed -n 's|.*"@qwen-code/qwen-code": "\(.*\)".*|\1|p' package.json; }

debian_node() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "tests/node/install.sh: npm is missing, and only root can install it, with apt-get. Install node $oldest or newer with npm, and run this again." >&2
        return 1
    fi
    quietly apt-get update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nodejs npm
}

if [ -n "${QWEN_ORCH_TEST_QWEN:-}" ]; then exit 0; fi
if [ "$(node_major)" -ge $oldest ] && [ "$(installed)" = "$(wanted)" ]; then exit 0; fi
command -v npm >/dev/null || debian_node
quietly npm install --no-save # not `npm ci`: a registry may lack packages of other platforms, and that refuses to go on
if [ "$(node_major)" -lt $oldest ]; then quietly npm install --no-save "node@$oldest"; fi # Debian's may be 18
if [ "$(node_major)" -lt $oldest ] || [ "$(installed)" != "$(wanted)" ]; then
    echo "tests/node/install.sh: node is $(node --version), qwen is $(installed); wanted are $oldest and $(wanted)" >&2
    exit 1
fi
