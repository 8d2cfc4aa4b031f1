# zeep, from PyPI.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
venv zeep==4.3.3
