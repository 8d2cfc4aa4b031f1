# fuel-soap, from npm.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
node_modules fuel-soap@2.2.4
