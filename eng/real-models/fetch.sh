#!/usr/bin/env bash
# Fetches the models of bench/results/real-models.md into a folder: fetch.sh FOLDER [FILTER]. Needs npm, git, unzip and the .NET 10 SDK.
# A file whose hash is not the one in sources.tsv is left out and named.
set -uo pipefail
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [FILTER]" >&2; exit 2; }
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0

npm_file() { # package@version, path
    local at="$work/npm/${1//\//_}"
    [ -d "$at" ] || { mkdir -p "$at" && (cd "$at" && npm pack --silent "$1" >/dev/null && tar -xzf ./*.tgz); } || return 1
    cat "$at/package/$2"
}

nuget_file() { # package@version, path
    local at="$work/nuget/$1"
    [ -d "$at" ] || { mkdir -p "$at" && dotnet package download "$1" --output "$at" >/dev/null; } || return 1
    cat "$at/$(echo "${1%@*}" | tr '[:upper:]' '[:lower:]')/${1#*@}/$2"
}

github_file() { # owner/repository@commit, path
    local at="$work/git/${1%@*}"
    [ -d "$at" ] || git clone --quiet --filter=blob:none --no-checkout "https://github.com/${1%@*}" "$at" || return 1
    git -C "$at" show "${1#*@}:$2"
}

while IFS=$'\t' read -r name kind source licence size hash rest; do
    [ "$name" != name ] || continue
    case "$name" in *"${2:-}"*) ;; *) continue ;; esac
    registry="${source%%:*}" where="${source#*:}"
    package="${where%%:*}" path="${where#*:}" target="$folder/$name.onnx"
    if ! "${registry}_file" "$package" "$path" > "$target" 2>/dev/null || [ "$(sha256sum < "$target" | cut -d' ' -f1)" != "$hash" ]; then
        echo "$name: $source could not be fetched, or is another file by now" >&2
        rm -f "$target"
        failed=$((failed + 1))
    fi
done < "$here/sources.tsv"
cp "$here/sources.tsv" "$folder/"
echo "$(ls "$folder"/*.onnx 2>/dev/null | wc -l) models in $folder, $failed could not be fetched"
[ "$failed" -eq 0 ]
