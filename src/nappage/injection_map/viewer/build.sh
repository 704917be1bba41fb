#!/bin/sh
# Bundles viewer.js and the parts of three.js it uses into viewer.min.js, and writes its SHA-256 beside it. Needed only
# after a change here, with Node and npm; the first time it installs two packages, afterwards it works offline.
# The same versions give the same bytes; `build.sh check` says whether the committed bundle is what the source gives.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
tools="$here/node_modules"
if [ ! -d "$tools/three" ] || [ ! -d "$tools/esbuild" ]; then
  npm install --prefix "$here" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts three@0.187.0 esbuild@0.28.2
fi
out="$here/viewer.min.js"
[ "${1:-}" = check ] && out="$tools/viewer.min.js"
{
  printf '/*! nappage injection map viewer, Apache-2.0. Holds parts of three.js 0.187.0, whose licence follows.\n\n'
  cat "$here/LICENSE.three"
  printf '*/\n'
  (cd "$here" && "$tools/.bin/esbuild" viewer.js --bundle --minify --format=iife --target=es2020 --charset=utf8 \
    --legal-comments=none --log-level=warning)
} > "$out"
if [ "${1:-}" = check ]; then
  cmp "$out" "$here/viewer.min.js"
else
  (cd "$here" && sha256sum viewer.min.js > viewer.min.js.sha256)
fi
