#!/usr/bin/env bash
# Installs what the tests need, then builds, checks the formatting and runs every test in both precisions.
# Real data are used where WEFT_DATA names a folder that holds them; tests that need them say so where it does not.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v dotnet >/dev/null; then
    echo "error: dotnet was not found; install the .NET 10 SDK from https://dotnet.microsoft.com/download" >&2
    exit 2
fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Programs that some tests need beside .NET. Where they cannot be had, those tests say so and the rest passes.
missing=()
command -v mpirun >/dev/null && mpirun --version 2>/dev/null | grep -q 'Open MPI' || missing+=(openmpi-bin)
command -v mpiexec.mpich >/dev/null || command -v mpiexec.hydra >/dev/null || missing+=(mpich)
ldconfig -p 2>/dev/null | grep -q 'libmetis\.so' || missing+=(libmetis5)
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    packages() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null 2>&1; }
    install_missing() { packages install -y --no-install-recommends "${missing[@]}"; }
    # A fresh system has no list of packages yet.
    if ! command -v apt-get >/dev/null || ! { install_missing || { packages update && install_missing; }; }; then
        echo "note: tests that need ${missing[*]} are skipped: not installed here, and apt-get as root, or by sudo without a password, could not install them"
    fi
fi

dotnet restore Weft.slnx
dotnet build Weft.slnx -c Release --no-restore
# Project by project: the double-precision tests are the same files as the others.
for project in src/Weft src/Weft.Cli samples/OwnLayer tests/Weft.Tests benchmarks/Weft.Benchmarks benchmarks/peers benchmarks/distributed; do
    dotnet format "$project" --verify-no-changes --no-restore
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
for project in tests/Weft.Tests tests/Weft.Tests.Float64; do
    dotnet test "$project" -c Release --no-build --logger "console;verbosity=minimal" 2>&1 | tee -a "$log" || status=1
done
awk '
    / - Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+/ {
        line = $0
        gsub(/[^0-9 ]/, " ", line)
        split(substr(line, index($0, "Failed:")), n, " ")
        failed += n[1]; passed += n[2]; skipped += n[3]
    }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit passed == 0 }
' "$log" || status=1
exit $status
