#!/usr/bin/env bash
# Installs versions of ONNX Runtime below artifacts/living, for the benchmark 'living-runtimes': four of onnxruntime-web from npm,
# and from NuGet the oldest and the newest served one.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$PWD/artifacts/living"

for version in 1.14.0 1.17.3 1.20.1 "$(npm view onnxruntime-web version)"; do
  folder="$target/web-$version"
  mkdir -p "$folder"
  echo '{ "private": true }' > "$folder/package.json"
  npm install --ignore-scripts --no-audit --no-fund --silent --prefix "$folder" "onnxruntime-web@$version"
done

versions=$(dotnet package search Microsoft.ML.OnnxRuntime --exact-match --format json \
  | grep -o '"version": *"[0-9.]*"' | grep -o '[0-9][0-9.]*' | sort -uV)
[ -n "$versions" ] || { echo "NuGet serves no Microsoft.ML.OnnxRuntime." >&2; exit 1; }
for version in $(printf '%s\n' "$versions" | sed -n '1p;$p' | uniq); do
  # A copy, so that no version's build sees files of another's.
  project="$target/nuget-$version"
  mkdir -p "$project"
  cp bench/AutLearn.Benchmarks/LivingRuntimes/NuGet/* "$project/"
  dotnet build "$project" -c Release --use-current-runtime --no-self-contained -o "$project/run" --nologo -v q \
    -p:OrtVersion="$version" -p:ImportDirectoryBuildProps=false -p:ImportDirectoryBuildTargets=false -p:ImportDirectoryPackagesProps=false
done
ls -d "$target"/*
