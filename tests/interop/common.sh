# Sourced by each client's install.sh and run.sh. Sets:
#   here    the client's folder in the repository
#   home    the client's own folder for what is installed and generated (under the build directory)
#   shared  what several clients of one language use
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
shared=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/shared
client=$(basename "$here")
: "${INTEROP_DIR:?}" "${ENVOI_URL:=}"
home=$INTEROP_DIR/$client
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$home"

# A runtime is not to be had: the story is skipped, with the reason.
skip() {
    echo "skip: $*"
    exit 77
}

# need TOOL…: each must be on the path.
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "$tool not found"
    done
}

# venv PACKAGE…: a Python environment of the client's own with these packages.
venv() {
    need python3
    python3 -m venv "$home/venv" || skip "python3 venv not available (python3-venv)"
    "$home/venv/bin/pip" install --quiet "$@"
}

# node_modules PACKAGE…: a node_modules folder of the client's own with these packages.
node_modules() {
    need node npm
    (cd "$home" && echo '{"private":true}' >package.json && npm install --silent --no-audit --no-fund "$@")
}

# The served WSDL's hash with its addresses taken out: what generated code depends on.
contract() {
    local query=${1:-}
    python3 - "$ENVOI_URL" "/etframework.wsdl$query" <<'PYTHON'
import hashlib, sys, urllib.request
base, path = sys.argv[1:]
text = urllib.request.urlopen(base + path).read().replace(base.encode(), b"")
print(hashlib.sha256(text).hexdigest()[:16])
PYTHON
}

# generated NAME CONTRACT COMMAND…: a folder made by COMMAND (run inside it) from the served WSDL, made again when that or
# anything in the client's or the shared folder has changed; sets $made to it. Stories that need the same folder wait for each other.
generated() {
    local name=$1 key
    key=$2-$(find "$here" "$shared" -type f -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 cat | sha256sum | cut -c1-12)
    shift 2
    made=$home/$name-$key
    (
        flock 9
        [ -f "$made/.done" ] && exit 0
        rm -rf "$home/$name"-*/
        mkdir -p "$made"
        if ! (cd "$made" && "$@") >"$made.log" 2>&1; then
            tail -n 25 "$made.log"
            echo "FAIL generate the code could not be made from the served WSDL"
            exit 1
        fi
        touch "$made/.done"
    ) 9>"$home/$name.lock"
}
