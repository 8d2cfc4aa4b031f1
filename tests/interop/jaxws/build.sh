# Generates from the served WSDL and compiles, in the current folder: build.sh QUERY CLASSPATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wsimport -quiet -Xnocompile -keep -p partnerapi -s . "$ENVOI_URL/etframework.wsdl$1"
javac -nowarn -encoding UTF-8 -cp "$2" -d classes partnerapi/*.java "$here/../shared/java/Story.java"
