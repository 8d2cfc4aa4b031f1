. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
NODE_PATH=$home/node_modules:$shared exec node "$here/story.js"
