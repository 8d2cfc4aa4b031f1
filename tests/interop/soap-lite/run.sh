. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
exec perl "$here/story.pl"
