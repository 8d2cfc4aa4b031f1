#!/usr/bin/env bash
# Makes the server in a folder: build.sh FOLDER. Needs Debian's gsoap and libgsoap-dev, and a C++ compiler.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
cd "$1"
wsdl2h -o partner.h "$here/../../../wsdl/partnerapi.wsdl"
printf '#import "partner.h"\n#import "wsse.h"\n' >all.h
soapcpp2 -S -j -L -x -w -I/usr/share/gsoap/import all.h
# The generated reader and writer are 146,000 lines: some minutes.
flags=(-O2 -w -DWITH_PURE_VIRTUAL -I. -I/usr/share/gsoap/plugin -I/usr/share/gsoap)
for source in soapC.cpp soapSoapBindingService.cpp "$here/server.cpp"; do
    g++ "${flags[@]}" -c "$source" &
done
g++ "${flags[@]}" -c /usr/share/gsoap/custom/struct_timeval.c -o struct_timeval.o &
wait
g++ -o server ./*.o -lgsoap++ -lpthread
rm -f ./*.o
echo "$PWD/server"
