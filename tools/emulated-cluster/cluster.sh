#!/usr/bin/env bash
# Runs a program of MPI on emulated hosts of this machine, with limited links between them, and says what went over each link.
#
#   sudo tools/emulated-cluster/cluster.sh [--hosts 4] [--ranks-per-host 1] [--rate 100mbit|none] [--library openmpi|mpich] \
#        [--limit SECONDS] [--cut HOST:SECONDS] -- PROGRAM ARGUMENTS...
#
# A host is a network namespace with a name of its own and one link to a switch, which is another; no ssh and no daemon is
# needed. Needs Linux, root, iproute2. Everything is taken down again, however the program ends.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
hosts=4 ranks_per_host=1 rate=100mbit library=openmpi limit=600 cut=
while [ $# -gt 0 ]; do
    case $1 in
        --hosts) hosts=$2; shift 2 ;;
        --ranks-per-host) ranks_per_host=$2; shift 2 ;;
        --rate) rate=$2; shift 2 ;;
        --library) library=$2; shift 2 ;;
        --limit) limit=$2; shift 2 ;;
        --cut) cut=$2; shift 2 ;;
        --) shift; break ;;
        *) echo "error: $1 is no option; see the head of $0" >&2; exit 2 ;;
    esac
done
if [ $# -eq 0 ]; then echo "error: no program after --" >&2; exit 2; fi
if [ "$(id -u)" -ne 0 ]; then echo "error: network namespaces need root" >&2; exit 2; fi
for tool in ip tc timeout; do
    command -v $tool >/dev/null || { echo "error: $tool was not found (package iproute2 or coreutils)" >&2; exit 2; }
done

# The process number keeps runs side by side apart.
export WEFT_CLUSTER=weft$$
spaces=()

take_down() {
    local space pids
    [ -z "${cutter:-}" ] || kill "$cutter" 2>/dev/null || true
    for space in "${spaces[@]}"; do
        pids=$(ip netns pids "$space" 2>/dev/null || true)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
        ip netns del "$space" 2>/dev/null || true
        rm -rf "/etc/netns/$space"
    done
}
trap take_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

add_space() {
    spaces+=("$1")
    ip netns add "$1"
    ip -n "$1" link set lo up
}

limit_link() {
    # A burst of few packets: a larger one hides the limit from messages that fit in it.
    [ "$rate" = none ] || ip netns exec "$1" tc qdisc add dev "$2" root tbf rate "$rate" burst 16kb latency 100ms
}

switch=$WEFT_CLUSTER-switch
add_space "$switch"
ip -n "$switch" link add bridge type bridge
ip -n "$switch" link set bridge up
names=()
for ((h = 0; h < hosts; h++)); do
    space=$WEFT_CLUSTER-node$h
    add_space "$space"
    ip link add eth0 netns "$space" type veth peer name "port$h" netns "$switch"
    ip -n "$space" addr add "10.77.0.$((h + 1))/24" dev eth0
    ip -n "$space" link set eth0 up
    ip -n "$switch" link set "port$h" master bridge
    ip -n "$switch" link set "port$h" up
    limit_link "$space" eth0
    limit_link "$switch" "port$h"
    mkdir -p "/etc/netns/$space"
    {
        echo "127.0.0.1 localhost"
        for ((other = 0; other < hosts; other++)); do echo "10.77.0.$((other + 1)) node$other"; done
    } > "/etc/netns/$space/hosts"
    names+=("node$h")
done

statistic() { ip netns exec "$WEFT_CLUSTER-node$1" cat "/sys/class/net/eth0/statistics/$2"; }
counters="rx_bytes rx_packets tx_bytes tx_packets"
declare -A before
for ((h = 0; h < hosts; h++)); do
    for counter in $counters; do before[$h.$counter]=$(statistic $h "$counter"); done
done

ranks=$((hosts * ranks_per_host))
listed=$(IFS=,; echo "${names[*]/%/:$ranks_per_host}")
case $library in
    openmpi)
        start=(mpirun --allow-run-as-root --bind-to none -x TERM=dumb
            --mca plm_rsh_agent "$here/remote.sh" --mca plm_rsh_no_tree_spawn 1
            --mca pml ob1 --mca btl self,vader,tcp --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24
            --mca mpi_yield_when_idle 1 --host "$listed" -n "$ranks") ;;
    mpich)
        start=(env UCX_TLS=tcp,self UCX_NET_DEVICES=eth0
            mpiexec.mpich -launcher ssh -launcher-exec "$here/remote.sh" -hosts "$listed" -n "$ranks") ;;
    *) echo "error: --library is $library; openmpi or mpich was expected" >&2; exit 2 ;;
esac
if [ -n "$cut" ]; then
    (sleep "${cut#*:}" && ip -n "$switch" link set "port${cut%:*}" down && echo "the link of node${cut%:*} is down") &
    cutter=$!
fi
status=0
timeout -k 5 "$limit" "$here/remote.sh" node0 "$(printf '%q ' "${start[@]}" "$@")" </dev/null || status=$?

for ((h = 0; h < hosts; h++)); do
    declare -A difference=()
    for counter in $counters; do difference[$counter]=$(($(statistic $h "$counter") - before[$h.$counter])); done
    echo "node$h: received ${difference[rx_bytes]} bytes in ${difference[rx_packets]} packets, sent ${difference[tx_bytes]} bytes in ${difference[tx_packets]} packets"
done
[ $status -eq 0 ] || echo "error: the program ended with exit code $status" >&2
exit $status
