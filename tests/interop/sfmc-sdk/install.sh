# sfmc-sdk, from npm.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
node_modules sfmc-sdk@2.1.2
