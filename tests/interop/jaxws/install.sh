# The JAX-WS reference implementation: Debian's jaxws (wsimport and its runtime) and a JDK.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need wsimport javac java
[ -f /usr/share/java/jaxws-rt.jar ] || skip "jaxws-rt.jar not found (libjaxws-java)"
