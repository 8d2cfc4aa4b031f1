# Generates from the served WSDL and compiles, in the current folder: build.sh CLASSPATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java -cp "$1" org.apache.cxf.tools.wsdlto.WSDLToJava -p partnerapi -d . "$ENVOI_URL/etframework.wsdl"
javac -nowarn -encoding UTF-8 -cp "$1" -d classes partnerapi/*.java "$here/../shared/java/Story.java"
