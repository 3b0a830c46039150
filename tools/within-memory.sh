#!/usr/bin/env bash
# Runs a command that may use so many bytes of memory, pages of files that it reads among them, and says how much it used:
#
#   tools/within-memory.sh 4294967296 weft train huge/ --sampler neighbor …
#
# The limit is a control group's where this user may make one (version 1 or 2), else systemd's. There is no other: the address space, which
# ulimit -v bounds, holds mapped files whole. What the system already holds of a file counts to nobody: files that are named with
# FORGET="FILE …" are dropped from its cache before.
set -euo pipefail
if [ $# -lt 2 ] || ! [[ $1 =~ ^[0-9]+$ ]]; then
    echo "usage: tools/within-memory.sh BYTES COMMAND…" >&2
    exit 2
fi
limit=$1
shift
for file in ${FORGET:-}; do dd if="$file" iflag=nocache count=0 status=none; done
name=weft-$$
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
    group=/sys/fs/cgroup/memory/$name bound=memory.limit_in_bytes most=memory.max_usage_in_bytes
elif [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    group=/sys/fs/cgroup/$name bound=memory.max most=memory.peak
else
    exec systemd-run --scope --quiet --property "MemoryMax=$limit" --property MemorySwapMax=0 -- "$@"
fi
if ! mkdir "$group" 2> /dev/null; then exec systemd-run --user --scope --quiet --property "MemoryMax=$limit" --property MemorySwapMax=0 -- "$@"; fi
trap 'rmdir "$group"' EXIT
echo "$limit" > "$group/$bound"
status=0
(echo 0 > "$group/cgroup.procs" && exec "$@") || status=$?
echo "limit $limit bytes, most used $(cat "$group/$most") bytes" >&2
exit "$status"
