# node-soap, npm's `soap`.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
node_modules soap@1.13.0
