# suds, in the fork that is still kept (suds-community), from PyPI.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
venv suds-community==1.2.0
