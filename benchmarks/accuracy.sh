#!/usr/bin/env bash
# The rows of benchmarks/results/accuracy.md: one JSON summary a row, in the folder that is named (default: accuracy).
# WEFT_DATA names the folder of the real sets. About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-accuracy}" && cd "${1:-accuracy}" && pwd)
dotnet build src/Weft.Cli -c Release >&2
weft() { dotnet artifacts/bin/Weft.Cli/release/Weft.Cli.dll "$@"; }
row() {
    local name=$1
    shift
    [ -s "$out/$name.json" ] || weft train "$@" --quiet --json --out "$out/runs-$name" > "$out/$name.json"
    echo "$name done" >&2
}

row cora-gcn cora --recipe gcn-paper --runs 10
row cora-gat cora --recipe gat-paper --runs 10
row pubmed-gcn pubmed --recipe gcn-paper --runs 10
row pubmed-gat pubmed --recipe gat-paper --runs 10
row pubmed-gatv2 pubmed --recipe gatv2-paper --runs 10
row photo-gcn amazon_photo --model gcn --hidden 64 --lr 0.01 --epochs 200 --patience 50 --split random --normalize-features off --runs 10
row photo-gat amazon_photo --model gat --dropout 0.5 --attention-dropout 0.3 --lr 0.01 --epochs 100 --patience 30 --split random --normalize-features off --runs 10
row physics-gcn coauthor_physics --model gcn --hidden 64 --lr 0.01 --epochs 200 --patience 50 --split random --binarize-features --runs 10
row physics-gat coauthor_physics --model gat --dropout 0.6 --attention-dropout 0.3 --lr 0.01 --epochs 100 --patience 30 --split random --binarize-features --runs 10
row minesweeper-gcn minesweeper --model gcn --layers 4 --hidden 64 --metric auc --dropout 0.2 --lr 0.01 --weight-decay 0 --epochs 300 --patience 100 --runs 10
row minesweeper-sage minesweeper --model sage --layers 4 --hidden 64 --metric auc --dropout 0.2 --lr 0.01 --weight-decay 0 --epochs 300 --patience 100 --runs 10
row dictionary4-gatv2 dictionary-lookup-4 --recipe dictionary-gatv2 --runs 5
row dictionary4-gat dictionary-lookup-4 --recipe dictionary-gat --runs 5
row dictionary7-gatv2 dictionary-lookup-7 --recipe dictionary-gatv2 --runs 5
row dictionary7-gat dictionary-lookup-7 --recipe dictionary-gat --epochs 150 --runs 5
row dictionary10-gatv2 dictionary-lookup-10 --recipe dictionary-gatv2 --runs 5
row dictionary10-gat dictionary-lookup-10 --recipe dictionary-gat --epochs 50 --runs 5
