. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
generated code "$(contract)" bash "$here/build.sh" "$home/lib/*"
# Its attachments, which it warns it has no library for, are not needed.
echo '.level=SEVERE' >"$home/logging.properties"
exec java -Djava.util.logging.config.file="$home/logging.properties" -Dfile.encoding=UTF-8 -cp "$made/classes:$home/lib/*" AxisStory
