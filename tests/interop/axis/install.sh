# Apache Axis 1.4, from Maven Central.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need mvn javac java
mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$home/lib" -DincludeScope=runtime
