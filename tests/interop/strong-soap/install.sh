# strong-soap, from npm; the last line that runs on Node 20.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
node_modules strong-soap@5.0.10
