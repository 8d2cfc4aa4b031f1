. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
exec mono "$home/story.exe"
