# text: UsernameToken with the password; digest: with its digest; slim: text, over the slim WSDL; soap12: SOAP 1.2 with WS-Addressing.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
PYTHONPATH=$shared exec "$home/venv/bin/python" "$here/story.py" "${1:-text}"
