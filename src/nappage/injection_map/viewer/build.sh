#!/bin/sh
# Bundles viewer.js (for the 3D page) and editor/editor.js (for the web app) with the parts of three.js they use, and
# writes each bundle's SHA-256 beside it. Needed only after a change here, with Node and npm; the first time it installs
# two packages, afterwards it works offline. The same versions give the same bytes; `build.sh check` says whether the
# committed bundles are what the source gives.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
tools="$here/node_modules"
web="$here/../../../nappage_web/planning/static/planning"
if [ ! -d "$tools/three" ] || [ ! -d "$tools/esbuild" ]; then
  npm install --prefix "$here" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts three@0.187.0 esbuild@0.28.2
fi

# bundle SOURCE FORMAT TITLE OUT [check]
bundle() {
  out="$4"
  [ "${5:-}" = check ] && out="$tools/$(basename "$4")"
  {
    printf '/*! %s, Apache-2.0. Holds parts of three.js 0.187.0, whose licence follows.\n\n' "$3"
    cat "$here/LICENSE.three"
    printf '*/\n'
    (cd "$here" && "$tools/.bin/esbuild" "$1" --bundle --minify --format="$2" --target=es2020 --charset=utf8 \
      --legal-comments=none --log-level=warning)
  } > "$out"
  if [ "${5:-}" = check ]; then
    cmp "$out" "$4"
  else
    (cd "$(dirname "$4")" && sha256sum "$(basename "$4")" > "$(basename "$4").sha256")
  fi
}

bundle viewer.js iife 'nappage injection map viewer' "$here/viewer.min.js" "${1:-}"
bundle editor/editor.js esm 'nappage injection map editor' "$web/map-editor.min.js" "${1:-}"
