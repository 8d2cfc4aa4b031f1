# full: generated from the whole served WSDL; slim: from the one with only the story's objects.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
variant=${1:-full}
query=
[ "$variant" = full ] || query='?wsdl&objects=Subscriber,List,DataExtension,DataExtensionObject'
generated "$variant" "$(contract "$query")" bash "$here/build.sh" "$query"
exec "$made/story"
