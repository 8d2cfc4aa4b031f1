# FuelSDK for Python and the wrapper around it, from PyPI.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
# Its suds-jurko 0.6 builds with an older setuptools alone, and must not be built in pip's isolation from that one.
venv 'setuptools<58' wheel
"$home/venv/bin/pip" install --quiet --no-build-isolation suds-jurko==0.6
"$home/venv/bin/pip" install --quiet Salesforce-FuelSDK==1.3.0 FuelSDKWrapper==1.3.4
