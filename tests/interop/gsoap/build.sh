# Generates from the served WSDL and compiles, in the current folder: build.sh QUERY.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wsdl2h -o partner.h "$ENVOI_URL/etframework.wsdl$1"
# The SOAP header's blocks: wsse:Security from gSOAP, and the token.
cat >all.h <<'HEADER'
#import "partner.h"
#import "wsse.h"
//gsoap fuel schema namespace: http://exacttarget.com
//gsoap fuel schema form: qualified
mutable struct SOAP_ENV__Header { char *fuel__fueloauth; };
HEADER
soapcpp2 -C -j -L -x -w -I/usr/share/gsoap/import all.h
# Unoptimised: the generated code is some hundred thousand lines.
for source in "$here/story.cpp" soapSoapBindingProxy.cpp soapC.cpp \
    /usr/share/gsoap/plugin/wsseapi-lite.c /usr/share/gsoap/custom/struct_timeval.c; do
    g++ -O0 -w -I. -I/usr/share/gsoap/plugin -I/usr/share/gsoap -c "$source"
done
g++ -o story ./*.o -lgsoap++
rm ./*.o
