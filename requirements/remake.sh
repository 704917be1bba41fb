#!/usr/bin/env bash
# Remake every lock from pyproject.toml. Needs only python3; uv goes into a
# temporary folder. `--upgrade` takes the newest releases.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet uv
# Locks hold for every system and Python. run comes first, and holds the versions that the other two share with it.
for pair in run:build test:dev bench:bench; do
    shared=(--universal --generate-hashes)
    if [ "${pair%:*}" != run ]; then shared+=(--constraints requirements/run.txt); fi
    if [ "${pair%:*}" = bench ]; then shared+=(--constraints requirements/test.txt); fi
    "$folder/bin/uv" pip compile pyproject.toml --extra web --group "${pair#*:}" \
        --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet "${shared[@]}" "$@" \
        --output-file "requirements/${pair%:*}.txt"
done
if grep -n 'http' requirements/*.txt; then
    echo 'a lock names a host: remove it before you commit' >&2
    exit 1
fi
