# oauth2: POST /v2/token and fueloauth; legacy: /v1/requestToken?legacy=1 and oAuth; wrapper: FuelSDKWrapper.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
variant=${1:-oauth2}
story=$here/story.py
[ "$variant" = wrapper ] && story=$here/wrapper.py
# FuelSDK leaves its SOAP URL in the current folder, suds its cache in the temporary one: each run has a folder of its own.
scratch=$(mktemp -d "$home/run.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
TMPDIR=$scratch PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore PYTHONPATH=$shared "$home/venv/bin/python" "$story" "$variant"
