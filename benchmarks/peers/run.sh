#!/usr/bin/env bash
# The same work on Weft and on whatever peer is installed here, in turns, as one Markdown table on standard output:
#
#   benchmarks/peers/run.sh GRAPH.npz [--rounds N] [--threads N] [--only gemm|spmm|epoch]
#
# Peers: OpenBLAS and SuiteSparse:GraphBLAS (shared libraries), SciPy, PyTorch, PyTorch Geometric and DGL (modules of the Python that
# WEFT_PYTHON names, or of the first python3 that has NumPy). One that is absent is skipped with one line on standard error.
# On Debian: apt-get install libopenblas0-pthread libgraphblas7 python3-numpy python3-scipy python3-torch
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
if [ -z "${WEFT_PYTHON:-}" ]; then
    for candidate in python3 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import numpy' 2>/dev/null; then
            export WEFT_PYTHON=$candidate
            break
        fi
    done
fi
# OpenBLAS knows the 512-bit kernels under the name of the first processor that had them.
if [ -z "${OPENBLAS_CORETYPE:-}" ] && grep -qm1 avx512dq /proc/cpuinfo 2>/dev/null; then export OPENBLAS_CORETYPE=SKYLAKEX; fi
dotnet build "$here" -c Release --nologo -v quiet >&2
exec dotnet "$root/artifacts/bin/Weft.Peers/release/Weft.Peers.dll" "$@"
