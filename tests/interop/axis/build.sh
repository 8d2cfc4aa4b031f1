# Generates from the served WSDL and compiles, in the current folder: build.sh CLASSPATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java -cp "$1" org.apache.axis.wsdl.WSDL2Java -p partnerapi -o . "$ENVOI_URL/Service.asmx?WSDL"
javac -nowarn -encoding UTF-8 -cp "$1" -d classes partnerapi/*.java "$here/AxisStory.java"
