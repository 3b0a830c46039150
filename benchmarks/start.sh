#!/usr/bin/env bash
# Time from the command to its first epoch, as published: seconds from the start of the process, the least of some runs.
# Usage: benchmarks/start.sh [DATASET] [RUNS]   a set that `weft data list` knows [citations]; how many runs [7]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
set_name=${1:-citations} runs=${2:-7}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet publish "$root/src/Weft.Cli" -c Release -o "$work/published" >"$work/log" || { cat "$work/log" >&2; exit 1; }
dotnet build "$root/src/Weft.Cli" -c Release >"$work/log" || { cat "$work/log" >&2; exit 1; }
least() {
    local name=$1
    shift
    for ((run = 1; run <= runs; run++)); do
        "$@" train "$set_name" --epochs 1 --json --out "$work/$name-$run" 2>/dev/null | grep -o '"start_s":[0-9.]*' | cut -d: -f2
    done | sort -n | head -1
}
echo "$set_name, published: $(least published "$work/published/Weft.Cli") s to the first epoch"
echo "$set_name, built:     $(least built dotnet "$root/artifacts/bin/Weft.Cli/release/Weft.Cli.dll") s to the first epoch"
