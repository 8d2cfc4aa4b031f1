# sfmc-fuelsdk-node, from npm.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
node_modules sfmc-fuelsdk-node@2.4.0
