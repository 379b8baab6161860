#!/usr/bin/env bash
# Runs the tests of the device assemblies where no network interface exists but loopback, which the test runner itself talks over.
# Needs Linux with unprivileged user namespaces, and a finished `dotnet build -c Release`.
set -uo pipefail
cd "$(dirname "$0")/.."
unshare --user --map-root-user --net true 2>/dev/null || { echo "This system allows no network namespace; nothing was tested." >&2; exit 3; }
for project in Graph Cache Text Tokenizers Augment Runtime; do
  unshare --user --map-root-user --net sh -c "ip link set lo up && exec dotnet test tests/AutLearn.$project.Tests -c Release --no-build --nologo" || exit 1
done
