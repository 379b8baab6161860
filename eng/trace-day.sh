#!/usr/bin/env bash
# Traces every kind of program of this repository, and a day in an app's life, into bench/results/privacy-trace.md. Needs strace.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v strace >/dev/null || { echo "Install strace first (apt-get install strace)." >&2; exit 3; }
exec dotnet run -c Release --project tests/AutLearn.Tracing -- bench/results
