#!/usr/bin/env bash
# The rows of benchmarks/results/sampling.md, measured through the command, as a Markdown table on standard output:
#
#   benchmarks/sampling.sh [GRAPH.npz] [FOLDER/]
#
# Neighbour-sampled GraphSAGE: two layers, 64 wide, at most 10 neighbours a layer. GRAPH is a bare graph: 128 random features, 40 random
# classes, every node for training. FOLDER is a graph larger than memory, as `weft data generate dcsbm --nodes 10000000 --features 256`
# writes it; it is read where it lies, once in an epoch, inside LIMIT bytes of memory (4294967296). Without them, and for sets that
# WEFT_DATA does not have, rows are left out. EPOCHS=N sets the epochs of the other rows (5), WORKERS=N the threads that draw (2).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
graph=${1:-} folder=${2:-} epochs=${EPOCHS:-5} workers=${WORKERS:-2} limit=${LIMIT:-4294967296}
for given in "$graph" "$folder"; do
    if [ -n "$given" ] && [ ! -e "$given" ]; then
        echo "error: there is no $given; usage: benchmarks/sampling.sh [GRAPH.npz] [FOLDER/]" >&2
        exit 2
    fi
done
dotnet build "$root/src/Weft.Cli" -c Release --nologo -v quiet >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
weft=(dotnet "$root/artifacts/bin/Weft.Cli/release/Weft.Cli.dll")

number() { grep -oE "\"$1\":[-0-9.eE+]+" "$work/row.json" | head -1 | cut -d: -f2; }
text() { grep -oE "\"$1\":\"[^\"]*\"" <<< "$machine" | head -1 | cut -d'"' -f4; }
whole() { printf '%.0f' "$(number "$1")" | sed ':a;s/\B[0-9]\{3\}\>/,&/;ta'; }

# row NAME BATCH COMMAND… with the data set and its options last
row() {
    local name=$1 batch=$2
    shift 2
    "$@" --model sage --hidden 64 --layers 2 --dropout 0 --patience 0 --sampler neighbor --batch-size "$batch" --fanouts 10,10 --workers "$workers" \
        --quiet --json --out "$work/run" > "$work/row.json"
    rm -rf "$work/run"
    awk -v name="$name" -v sizes="$(whole nodes) | $(whole edges) | $(number features)" -v batch="$batch" -v b="$(number batches_per_second)" -v n="$(whole nodes_per_second)" -v e="$(whole sampled_edges_per_second)" \
        -v s="$(number sampling_share)" -v w="$(number sampling_wait_share)" 'BEGIN { printf "| %s | %s | %s | %.3g | %s | %s | %.0f %% | %.0f %% |\n", name, sizes, batch, b, n, e, 100 * s, 100 * w }'
    echo "$name: done" >&2
}

export LC_ALL=C.UTF-8
machine=$("${weft[@]}" bench karate --quick --only fma --repeat 1 --json)
echo "$(text processor), $(nproc) cores; $(text runtime) on $(text operating_system); weft $(text weft), commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown); $(date -u +%Y-%m-%d). Command:"
echo
echo "    EPOCHS=$epochs WORKERS=$workers benchmarks/sampling.sh ${graph:+GRAPH.npz}${folder:+ FOLDER/}"
echo
echo "| set | nodes | edges | features | batch | batches/s | nodes/s | sampled edges/s | sampling, share of the work | training waits for it |"
echo "|---|---|---|---|---|---|---|---|---|---|"
if [ -n "$graph" ]; then row "$(basename "$graph" .npz)" 1024 "${weft[@]}" train "$graph" --random-features 128 --random-classes 40 --epochs "$epochs" --evaluate-every "$epochs"; fi
for set in pubmed coauthor_physics; do
    if "${weft[@]}" data info "$set" --json > /dev/null 2>&1; then row "$set" 64 "${weft[@]}" train "$set" --epochs "$((epochs * 4))" --evaluate-every "$((epochs * 4))"
    else echo "$set: skipped, WEFT_DATA names no folder that holds it" >&2; fi
done
if [ -n "$folder" ]; then row "$(basename "$folder")" 1024 "$root/tools/within-memory.sh" "$limit" "${weft[@]}" train "$folder" --epochs 1 --score-train 10000; fi
