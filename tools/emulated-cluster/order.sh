#!/usr/bin/env bash
# Does the planner know which algorithm is the fastest on a slow network? Measures the emulated network as weft plan --calibrate does, predicts
# an epoch of a GCN for every grid of Weft and every scheme of CAGNET, then trains with each of them and compares.
#
#   sudo tools/emulated-cluster/order.sh [options of cluster.sh] [-- options of benchmarks/distributed]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../artifacts/bin/Weft.DistributedBenchmarks/release/Weft.DistributedBenchmarks.dll
[ -f "$program" ] || dotnet build "$here/../../benchmarks/distributed" -c Release
network=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do network+=("$1"); shift; done
[ $# -eq 0 ] || shift
exec "$here/cluster.sh" "${network[@]}" -- dotnet exec "$(realpath "$program")" order --nodes 8000 --epochs 3 "$@"
