#!/usr/bin/env bash
# Fetches the tables of bench/results/data-walk.md into a folder, as CSV with a header: table-data.sh FOLDER. Needs git.
# Buildings' heating and cooling loads (Tsanas and Xifara 2012) and tags of music (Trohidis et al. 2008), as the Mulan project holds them.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
source="${MULAN:-https://github.com/tsoumakas/mulan}"
mkdir -p "$1"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
git clone --quiet --depth 1 --filter=blob:none --no-checkout "$source" "$work/mulan"
for path in multi-target/enb multi-label/emotions/emotions-train multi-label/emotions/emotions-test; do
    git -C "$work/mulan" show "HEAD:data/$path.arff" | tr -d '\r' | awk '
        { lower = tolower($0) }
        lower ~ /^@attribute/ { header = header (header ? "," : "") $2; next }
        lower ~ /^@data/ { print header; isData = 1; next }
        isData && NF && $0 !~ /^%/ { print }' > "$1/$(basename "$path").csv"
    echo "$1/$(basename "$path").csv: $(($(wc -l < "$1/$(basename "$path").csv") - 1)) rows"
done
