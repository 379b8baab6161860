#!/usr/bin/env bash
# Installs the official training engine (WebAssembly, under Node) below artifacts/oracle, where the tests look for it.
set -euo pipefail
cd "$(dirname "$0")/.."
source="${AUTLEARN_SHARED:-../shared}/tools/ort-training-oracle"
[ -d "$source" ] || { echo "There is no $source." >&2; exit 1; }
mkdir -p artifacts/oracle
cp "$source"/oracle.mjs "$source"/package.json artifacts/oracle/
chmod u+w artifacts/oracle/*.mjs artifacts/oracle/*.json
cd artifacts/oracle
npm install --ignore-scripts --no-audit --no-fund --silent
