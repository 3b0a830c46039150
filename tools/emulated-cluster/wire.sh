#!/usr/bin/env bash
# Do the words that Weft counts go over the wire? Runs every collective on emulated hosts and compares the bytes that arrive
# at all of them with the formula: 3 % are allowed, 13 % for the libraries' own sums where the number of hosts is no power of two.
#
#   sudo tools/emulated-cluster/wire.sh [options of cluster.sh]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tests=$here/../../artifacts/bin/Weft.Tests/release/Weft.Tests.dll
[ -f "$tests" ] || dotnet build "$here/../../tests/Weft.Tests" -c Release
exec "$here/cluster.sh" "$@" -- dotnet exec "$(realpath "$tests")" --mpi-tier wire
