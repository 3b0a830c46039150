#!/usr/bin/env bash
# The rows of benchmarks/results/speed.md, measured through the command, as a Markdown table on standard output:
#
#   benchmarks/speed.sh [GRAPH.npz]
#
# GRAPH is a bare graph for the wide networks: 128 random features, 40 random classes. Without one, those rows are left out; without Cora
# (WEFT_DATA names its folder), so are its rows. RUNS=N sets how often each row is run (3), THREADS=N its threads (all).
# A few minutes on a quiet machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
graph=${1:-}
runs=${RUNS:-3}
threads=${THREADS:-$(nproc)}
if [ -n "$graph" ] && [ ! -e "$graph" ]; then
    echo "error: there is no file $graph; usage: benchmarks/speed.sh [GRAPH.npz]" >&2
    exit 2
fi
dotnet build "$root/src/Weft.Cli" -c Release --nologo -v quiet >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
weft() { dotnet "$root/artifacts/bin/Weft.Cli/release/Weft.Cli.dll" "$@"; }

# number KEY < JSON: the number behind the key.
number() { grep -oE "\"$1\":[-0-9.eE+]+" | head -1 | cut -d: -f2; }
text() { grep -oE "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
# three digits, and whole numbers from a hundred on.
digits='function digits(x) { return x >= 100 ? sprintf("%.0f", x) : sprintf("%.3g", x) }'
# middle, least, and range of the numbers on standard input.
middle() { sort -g | awk "$digits"' { v[NR] = $1 } END { printf "%s", digits(v[int((NR + 1) / 2)]) }'; }
least() { sort -g | awk "$digits"' NR == 1 { printf "%s", digits($1) }'; }
range() { sort -g | awk "$digits"' NR == 1 { low = $1 } END { printf "%s–%s", digits(low), digits($1) }'; }

# row NAME LIMIT DATASET OPTIONS…
row() {
    local name=$1 limit=$2 run
    shift 2
    for run in $(seq "$runs"); do
        weft train "$@" --layers 2 --dropout 0 --attention-dropout 0 --patience 0 --threads "$threads" --quiet --json --out "$work/$name-$run" > "$work/$name-$run.json"
    done
    # every KEY: the number behind the key in each run.
    every() { cat "$work/$name"-*.json | grep -oE "\"$1\":[0-9.eE+-]+" | cut -d: -f2; }
    local epoch forward
    epoch=$(every epoch_ms_median | middle)
    forward=$(every forward_ms_median | middle)
    printf '| %s | %s (%s) | %s | %s | %s | %s | %s | %s |\n' "$name" "$epoch" "$(every epoch_ms_median | range)" "$(every epoch_ms_min | least)" "$forward" \
        "$(awk -v e="$epoch" -v f="$forward" 'BEGIN { printf "%.2f", (e - f) / f }')" \
        "$(every memory_beyond_data_mb | middle)" "$(every workspace_mb | middle)" "$limit"
    echo "$name: $epoch ms" >&2
}

machine=$(weft bench karate --quick --only fma --repeat 1 --json)
echo "One epoch is forward, loss, backward and the optimiser's step; evaluation is not counted. Two layers, single precision, dropout 0, Adam."
echo "Medians of $runs runs' medians, with their range. $(text processor <<< "$machine"), $(number cores <<< "$machine") cores, $(number vector_bits <<< "$machine")-bit vectors, $threads threads, huge pages $(text huge_pages <<< "$machine");"
echo "$(text runtime <<< "$machine") on $(text operating_system <<< "$machine"); weft $(text weft <<< "$machine"), commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown); $(date -u +%Y-%m-%d). Command:"
echo
echo "    RUNS=$runs THREADS=$threads benchmarks/speed.sh ${graph:+GRAPH.npz}"
echo
echo "| work | epoch, ms | shortest | inference, ms | (epoch − inference) : inference | memory beyond data, MB | workspace, MB | must, ms |"
echo "|---|---|---|---|---|---|---|---|"
if [ -n "$graph" ]; then
    wide=("$graph" --random-features 128 --random-classes 40 --self-loops --epochs 12)
    row "GCN 256" 330 "${wide[@]}" --model gcn --hidden 256
    row "GAT 4×64" 1200 "${wide[@]}" --model gat --heads 4 --hidden 64
    row "GATv2 4×64" 1450 "${wide[@]}" --model gatv2 --heads 4 --hidden 64
fi
if weft data info cora --json > "$work/cora.info" 2> /dev/null; then
    narrow=(cora --epochs 500)
    row "Cora GCN 16" 0.8 "${narrow[@]}" --model gcn --hidden 16
    row "Cora GAT 8×8" 2.5 "${narrow[@]}" --model gat --heads 8 --hidden 8
    row "Cora GATv2 8×8" 4 "${narrow[@]}" --model gatv2 --heads 8 --hidden 8
else
    echo "Cora: skipped, WEFT_DATA names no folder that holds it" >&2
fi
