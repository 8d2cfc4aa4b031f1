# WCF on Mono: Debian's mono-mcs and libmono-system-servicemodel4.0a-cil.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need mcs mono
[ -f /usr/lib/mono/4.5/System.ServiceModel.dll ] || skip "System.ServiceModel.dll not found (libmono-system-servicemodel4.0a-cil)"
mcs -nologo -out:"$home/story.exe" -r:System.ServiceModel -r:System.Runtime.Serialization -r:System.Xml.Linq "$here/Story.cs"
