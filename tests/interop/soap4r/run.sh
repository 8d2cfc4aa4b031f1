. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
generated code "$(contract)" bash "$here/build.sh"
cd "$made" # soap4r looks for its property file here
exec ruby -W0 -I"$made" "$here/story.rb"
