#!/usr/bin/env bash
# What ssh is on a real cluster: remote.sh [-options] HOST COMMAND... runs the command on an emulated host of $WEFT_CLUSTER.
set -euo pipefail
while [[ $1 == -* ]]; do shift; done
host=$1
shift
exec ip netns exec "$WEFT_CLUSTER-$host" unshare --uts bash -c "hostname $host; $*"
