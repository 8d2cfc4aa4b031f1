# full: generated from the whole served WSDL; slim: from the one with only the story's objects.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
variant=${1:-full}
query=
[ "$variant" = full ] || query='?wsdl&objects=Subscriber,List,DataExtension,DataExtensionObject'
# What Debian's jaxws-rt.jar names in its manifest, and the interfaces that left the JDK.
path=$(printf '/usr/share/java/%s.jar:' jaxws-rt jaxws-api jaxb-api jws-api javax.xml.soap-api javax.activation jaxb-runtime saaj-impl)
generated "$variant" "$(contract "$query")" bash "$here/build.sh" "$query" "$path"
# The factory is named so that its finder does not warn at each call.
factory=-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl
exec java $factory -Dfile.encoding=UTF-8 -cp "$made/classes:$path" Story
