. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
PYTHONPATH=$shared exec "$home/venv/bin/python" "$here/story.py"
