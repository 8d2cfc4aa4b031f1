# gSOAP: Debian's gsoap and libgsoap-dev, and a C++ compiler.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need wsdl2h soapcpp2 g++ curl
[ -f /usr/share/gsoap/import/wsse.h ] || skip "gSOAP's wsse.h not found (libgsoap-dev)"
