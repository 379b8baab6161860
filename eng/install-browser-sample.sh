#!/usr/bin/env bash
# Puts ONNX Runtime's WebAssembly build beside samples/Browser/index.html. The page then works from the file system, without a server.
set -euo pipefail
cd "$(dirname "$0")/.."
build=artifacts/browser
page="$PWD/samples/Browser/ort"
mkdir -p "$build" "$page"
echo '{ "private": true }' > "$build/package.json"
npm install --ignore-scripts --no-audit --no-fund --silent --prefix "$build" onnxruntime-web@1.30.0
cd "$build/node_modules/onnxruntime-web/dist"
cp ort.wasm.min.js "$page/"
# Chromium lets a page from a file load scripts, but neither modules nor WebAssembly: both go into a script.
node -e '
  const fs = require("fs"), name = "ort-wasm-simd-threaded";
  const files = { mjs: fs.readFileSync(`${name}.mjs`, "utf8"), wasm: fs.readFileSync(`${name}.wasm`).toString("base64") };
  fs.writeFileSync(process.argv[1], `globalThis.ortFiles = ${JSON.stringify(files)};\n`);
' "$page/ort-files.js"
