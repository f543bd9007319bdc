#!/bin/sh
# Install what tests/agents drives: the real Qwen Code and a node that runs it, and opencode, the agent of another vendor.
# Does nothing when all are there.
#   sh tests/node/install.sh
# The tests look for them here; QWEN_ORCH_TEST_QWEN=/path/to/qwen and QWEN_ORCH_TEST_OPENCODE=/path/to/opencode name
# others, and then those are not installed.
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

installed() { # print the version of a package that is there
    node -p "require('./node_modules/$1/package.json').version" 2>/dev/null || true
}

qwen=@qwen-code/qwen-code
wanted_qwen=$(sed -n 's|.*"@qwen-code/qwen-code": "\(.*\)".*|\1|p' package.json)

# opencode is one program of its own for each kind of machine; of those npm would take two, 180 MB each, so it is named.
wanted_opencode=$(sed -n 's|.*"opencode": "\(.*\)".*|\1|p' package.json)
case $(uname -m) in
    aarch64 | arm64) opencode=opencode-linux-arm64 ;;
    *) opencode=opencode-linux-x64 ;;
esac
if [ $opencode = opencode-linux-x64 ] && ! grep -qw avx2 /proc/cpuinfo; then opencode=$opencode-baseline; fi

has_qwen() { [ -n "${QWEN_ORCH_TEST_QWEN:-}" ] || { [ "$(node_major)" -ge $oldest ] && [ "$(installed $qwen)" = "$wanted_qwen" ]; }; }

has_opencode() { [ -n "${QWEN_ORCH_TEST_OPENCODE:-}" ] || [ "$(installed $opencode)" = "$wanted_opencode" ]; }

debian_node() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "tests/node/install.sh: npm is missing, and only root can install it, with apt-get. Install node $oldest or newer with npm, and run this again." >&2
        return 1
    fi
    quietly apt-get update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nodejs npm
}

if has_qwen && has_opencode; then exit 0; fi
command -v npm >/dev/null || debian_node
# All of it at once: npm removes what an earlier command put there. Debian's node may be 18.
set --
if [ -d node_modules/node ] || [ "$(node_major)" -lt $oldest ]; then set -- "node@$oldest"; fi
if [ -z "${QWEN_ORCH_TEST_OPENCODE:-}" ]; then set -- "$@" "$opencode@$wanted_opencode"; fi
quietly npm install --no-save "$@" # not `npm ci`: a registry may lack packages of other platforms, and that refuses to go on
if ! has_qwen || ! has_opencode; then
    echo "tests/node/install.sh: node is $(node --version), qwen $(installed $qwen), opencode $(installed $opencode); wanted are $oldest, $wanted_qwen and $wanted_opencode" >&2
    exit 1
fi
