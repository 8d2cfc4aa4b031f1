. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
exec php -d display_errors=stderr "$here/story.php"
