# v2: POST /v2/token; v1: POST /v1/requestToken, then GET /platform/v1/endpoints/soap.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
NODE_NO_WARNINGS=1 NODE_PATH=$home/node_modules:$shared exec node "$here/story.js" "${1:-v2}"
