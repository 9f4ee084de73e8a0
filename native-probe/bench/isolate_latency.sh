#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long until a container is cut off, on a new and on an open connection: RUNS of each (60), as root. Prints, per kind, p50
# and p99 in microseconds from the start of the command to the first thing that was refused, and to the command's end.
cd "$(dirname "$0")/.." || exit 1
[ -n "${IN_NODE:-}" ] || exec env IN_NODE=1 unshare --net bench/isolate_latency.sh
probe=$PWD/build/pounce-probe
meter=$PWD/build/bench/isolate_latency
runs=${RUNS:-60}
id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
if [ -d /sys/fs/cgroup/pids ]; then groups=/sys/fs/cgroup/pids hierarchy=pids; else groups=/sys/fs/cgroup hierarchy=; fi
group=pounce-latency-$$
mkdir -p "$groups/$group/$id"
sh -c 'echo $$ >"$1"; exec unshare --net "$2" serve 7' _ "$groups/$group/$id/cgroup.procs" "$meter" &
served=$!
results=$(mktemp)
ended() {
	kill -9 $served
	wait
	rmdir "$groups/$group/$id" "$groups/$group"
	rm -f "$results"
}
trap ended EXIT
sleep 0.2
ip link set lo up
ip link add to1 type veth peer name eth0 netns $served
ip addr add 10.213.0.1/24 dev to1
ip link set to1 up
nsenter --net=/proc/$served/ns/net ip addr add 10.213.0.2/24 dev eth0
nsenter --net=/proc/$served/ns/net ip link set eth0 up
sleep 0.5
for kind in new open; do
	for _ in $(seq "$runs"); do
		"$meter" $kind 10.213.0.2 7 "$probe" isolate --cgroup "$hierarchy:/$group/$id" --container "$id" --key latency
		"$probe" release --key latency >/dev/null
	done >"$results"
	for column in 1 2; do
		sort -n -k$column,$column "$results" | awk -v kind=$kind -v column=$column '
			{ value[NR] = $column }
			END { printf "%-5s %-14s runs %d p50 %d p99 %d\n", kind, column == 1 ? "first refused" : "command ended",
				NR, value[int((NR + 1) / 2)], value[int(NR * 0.99 + 0.5)] }'
	done
done
