. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
# An ES module, which looks beside the importing file and not in NODE_PATH.
export SDK=$home/node_modules/sfmc-sdk
NODE_PATH=$home/node_modules:$shared exec node "$here/story.js"
