#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cutting containers off. Everything happens in a network namespace of its own, which plays the node; a container is a
# process in another one, with a pair of interfaces between the two, in a control group named as a runtime would.
. "$(dirname "$0")/lib.sh"
if [ "$(id -u)" -ne 0 ] || ! command -v ip >/dev/null; then
	echo "skip  $(basename "$0"): wants root and ip(8)"
	exit 0
fi
if [ -z "${IN_NODE:-}" ]; then
	rm -rf "$work"
	exec env IN_NODE=1 unshare --net tests/isolate_test.sh
fi
probe=$PWD/$probe
talk=$PWD/$actors/talk
group=pounce-isolate-$$
unified=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
if [ -d /sys/fs/cgroup/pids ]; then
	groups=/sys/fs/cgroup/pids
	hierarchy=pids
else
	groups=$unified
	hierarchy=
fi
serial=0

trap 'end_in "$groups/$group" "$unified/$group"' EXIT

# Static, as it runs in a root where nothing else is.
mkdir -p "$work/root/etc" "$work/root/bin"
cp "$talk" "$work/root/bin/talk"
echo 'nameserver 10.213.1.1' >"$work/root/etc/resolv.conf"
# A start is told in ticks of 10 ms: what was written in the same one counts as written afterwards.
sleep 0.05

# start NAME NETWORK-COMMAND...: a process that serves port 7; sets NAME (its pid) and NAME_id
start() {
	name=$1
	shift
	id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
	mkdir -p "$groups/$group/$id"
	[ -z "${in_unified:-}" ] || mkdir -p "$unified/$group/$id"
	sh -c 'for procs in $1; do echo $$ >"$procs"; done; shift; exec "$@"' _ \
		"$groups/$group/$id/cgroup.procs ${in_unified:+$unified/$group/$id/cgroup.procs}" \
		"$@" chroot "${root:-$work/root}" /bin/talk serve "${port:-7}" >"$work/$name.out" 2>&1 &
	eval "$name=$! ${name}_id=$id"
	children="$children $!"
	until_true 5 grep -q ready "$work/$name.out" || fail "container $name did not start: $(cat "$work/$name.out")"
}

# connect PID: a pair between the node (10.213.N.1, fd00:N::1) and it (.2); sets n to N
connect() {
	serial=$((serial + 1))
	n=$serial
	ip link add "to$n" type veth peer name eth0 netns "$1"
	ip addr add "10.213.$n.1/24" dev "to$n"
	ip addr add "10.213.$n.254/24" dev "to$n"
	ip addr add "fd00:$n::1/64" dev "to$n" nodad
	ip link set "to$n" up
	within "$1" ip link set lo up
	within "$1" ip addr add "10.213.$n.2/24" dev eth0
	within "$1" ip addr add "fd00:$n::2/64" dev eth0 nodad
	within "$1" ip link set eth0 up
	within "$1" ip route add default via "10.213.$n.1"
	until_true 5 "$talk" ask "10.213.$n.2" 7 || fail "container at 10.213.$n.2 cannot be reached to begin with"
}

within() {
	pid=$1
	shift
	nsenter --net="/proc/$pid/ns/net" "$@"
}

# as NAME COMMAND...: in its network, root and control groups
as() {
	eval "pid=\$$1 id=\$${1}_id"
	shift
	sh -c 'for procs in $1; do [ ! -e "$procs" ] || echo $$ >"$procs"; done; shift; exec "$@"' _ \
		"$groups/$group/$id/cgroup.procs $unified/$group/$id/cgroup.procs" \
		nsenter --net="/proc/$pid/ns/net" "$@"
}

# isolate NAME KEY OPTIONS...: the answer is in $work/answer
isolate() {
	eval "id=\$${1}_id"
	key=$2
	shift 2
	"$probe" isolate --cgroup "$hierarchy:/$group/$id" --container "$id" --key "$key" "$@" >"$work/answer" 2>&1
}

says() { grep -qF -- "$1" "$work/answer"; }
no() { ! "$@"; }
ask() { "$talk" ask "$@"; }
ends_with() {
	want=$1
	shift
	"$@" >/dev/null 2>&1
	[ $? -eq "$want" ]
}

# hold NAME: opens a connection from the container to the node; `still NAME` asks whether it is answered
hold() {
	mkfifo "$work/$1.lines"
	as "$1" "$talk" hold "10.213.$2.1" 7 <"$work/$1.lines" >"$work/$1.heard" 2>&1 &
	children="$children $!"
	exec 8>"$work/$1.lines"
	until_true 5 grep -q open "$work/$1.heard"
}
still() {
	before=$(grep -c . "$work/$1.heard")
	echo >&8
	until_true 5 test "$(grep -c . "$work/$1.heard")" -gt "$before" ||
		until_true 5 sh -c "[ \$(grep -c . '$work/$1.heard') -gt $before ]"
	[ "$(tail -1 "$work/$1.heard")" = answered ]
}

ip link set lo up
"$talk" serve 7 >"$work/node.out" 2>&1 &
children="$children $!"
"$talk" serve 53 >"$work/dns.out" 2>&1 &
children="$children $!"
until_true 5 grep -q ready "$work/dns.out"

start plain unshare --net
connect "$plain"
start control unshare --net
connect "$control"
port=77 start sidecar nsenter --net="/proc/$plain/ns/net"

# What is asked for is looked at first.
check "a rehearsal finds it" isolate plain k1 --dry-run
check "and says where: the node's end of its interface" says '"places":[{"side":"node","interface":"to1"}'
check "and with whom it shares its network" says "\"sharedWith\":[\"$hierarchy:/$group/$sidecar_id\"]"
check "and changes nothing" ask 10.213.1.2 7
check "nothing is cut off to begin with" test -z "$("$probe" isolated --container "$plain_id")"
gone_id=$(echo "$plain_id" | tr 0-9a-f 1-9a-f0)
check "a container that is not there" ends_with 3 "$probe" isolate --cgroup "$hierarchy:/$group/$gone_id" --container "$gone_id" --key k1
check "a part of its name is not its name" ends_with 3 "$probe" isolate --cgroup "$hierarchy:/$group/${plain_id%????}" --container x --key k1
check "not without a go" ends_with 1 sh -c "echo stop | '$probe' isolate --ask --cgroup '$hierarchy:/$group/$plain_id' --container '$plain_id' --key k1"
check "and nothing has changed" ask 10.213.1.2 7

if command -v capsh >/dev/null; then
	for right in cap_net_admin cap_sys_admin cap_sys_ptrace; do
		capsh --drop=$right -- -c "'$probe' isolate --cgroup '$hierarchy:/$group/$plain_id' --container $plain_id --key k1 --dry-run" >"$work/answer"
		check "without $right it is not promised" grep -qiF "$right is missing" "$work/answer"
	done
fi

# Cut off.
hold plain 1
check "its connection is answered" still plain
check "cut off" isolate plain k1
check "no new connection to it" no ask 10.213.1.2 7
check "none from it" no as plain "$talk" ask 10.213.1.1 7
check "no datagram from it" no as plain "$talk" ask 10.213.1.1 7 udp
check "its open connection is silent" no still plain
check "no IPv6" no ask fd00:1::2 7
check "no IPv6 from it" no as plain "$talk" ask fd00:1::1 7
check "nor name service" no as plain "$talk" ask 10.213.1.1 53 udp
check "its own loopback works" as plain "$talk" ask 127.0.0.1 7
check "who shares its network is cut off too" no as sidecar "$talk" ask 10.213.1.1 7
check "the container beside it is not" as control "$talk" ask 10.213.2.1 7
check "asked for again, it is so already" isolate plain k1
check "and says that" says '"answer":"already","key":"k1"'
check "by somebody else, too" isolate plain k1b
check "who is told whose it is" says '"answer":"already","key":"k1"'
check "with --beside it stands beside it" isolate plain k1c --beside
check "and says so" says '"answer":"isolated","key":"k1c"'
check "once" isolate plain k1c --beside
check "and not twice" says '"answer":"already","key":"k1c"'
check "each is released by itself" "$probe" release --key k1c
check "and the other stays" no ask 10.213.1.2 7
check "from within it cannot be undone" no as plain tc qdisc del dev eth0 clsact
check "it is listed, with what it has dropped" sh -c "'$probe' isolated --container $plain_id | grep -F '\"inForce\":1' | grep -vF '\"dropped\":0}'"

# A second one never loosens.
check "a second one with a list of its own" isolate plain k2 --allow 10.213.1.0/24
check "does not let through what the first does not" no ask 10.213.1.2 7
check "the first is released" "$probe" release --key k1
check "what the second allows passes" ask 10.213.1.2 7
check "and the open connection goes on" until_true 10 still plain
check "what it does not allow does not" no ask fd00:1::2 7
check "the second is released" "$probe" release --key k2
check "all is as before" until_true 10 ask fd00:1::2 7
check "nothing is left" until_true 5 sh -c "[ -z \"\$('$probe' isolated --container $plain_id)\" ]"
check "what is not there is released with pleasure" "$probe" release --key k2

# What may pass.
check "one address" isolate plain k3 --allow 10.213.1.1/32
check "passes" as plain "$talk" ask 10.213.1.1 7
check "another of the same node does not" no as plain "$talk" ask 10.213.1.254 7
"$probe" release --key k3
check "one of IPv6" isolate plain k3 --allow fd00:1::1
ip -6 neigh flush dev to1
check "passes, and its neighbour is found" as plain "$talk" ask fd00:1::1 7
check "nothing of IPv4" no as plain "$talk" ask 10.213.1.1 7
"$probe" release --key k3
check "the name service" isolate plain k3 --dns
check "is known" says '"resolvers":["10.213.1.1"]'
check "answers datagrams" as plain "$talk" ask 10.213.1.1 53 udp
check "and connections" as plain "$talk" ask 10.213.1.1 53
check "not on another port" no as plain "$talk" ask 10.213.1.1 7 udp
check "nobody else on that port" no as plain "$talk" ask 10.213.1.254 53 udp
"$probe" release --key k3
check "what is no range" ends_with 2 isolate plain k3 --allow 10.0.0.0/33
check "nor an address" ends_with 2 isolate plain k3 --allow 10.0.0

# The newer hook, which is taken where others are.
POUNCE_PROBE_TCX=1
export POUNCE_PROBE_TCX
check "by the hook of 6.6" isolate plain k4
check "cut off" no ask 10.213.1.2 7
check "a second one with another list" isolate plain k5 --allow 10.213.1.0/24
check "does not loosen" no ask 10.213.1.2 7
unset POUNCE_PROBE_TCX
check "nor does a third, without being asked to go there" isolate plain k6 --allow 10.213.0.0/16
check "release the first" "$probe" release --key k4
check "when the first is gone, what the others allow passes" ask 10.213.1.2 7
check "release the second" "$probe" release --key k5
check "release the third" "$probe" release --key k6
check "and then all" until_true 10 ask fd00:1::2 7

# Killed between what it plans and what it does, at every moment of some: either not there, or found and released.
for ms in 0 1 2 3 4 5 6 8 10 15 20 30; do
	eval "id=\$plain_id"
	"$probe" isolate --cgroup "$hierarchy:/$group/$id" --container "$id" --key "killed$ms" >/dev/null &
	sleep "0.0$(printf %02d "$ms")"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	"$probe" release --key "killed$ms" >/dev/null
done
check "what was killed half way is undone by its key" ask 10.213.1.2 7

# Whose name service it is.
mkdir -p "$work/changed/etc" "$work/changed/bin"
cp "$talk" "$work/changed/bin/talk"
echo 'nameserver 10.213.1.1' >"$work/changed/etc/resolv.conf"
root=$work/changed start rewritten unshare --net
connect "$rewritten"
sleep 0.05
echo 'nameserver 10.213.3.254' >"$work/changed/etc/resolv.conf"
check "who has changed its resolv.conf" isolate rewritten k6 --dns --dry-run
check "does not choose its name server" says '"resolvers":[],"dnsProblem":"its /etc/resolv.conf was changed'
ln -sf "$work/root/etc/resolv.conf" "$work/changed/etc/resolv.conf"
check "a symbolic link" isolate rewritten k6 --dns --dry-run
check "does not lead out of its root" says '"dnsProblem":"its /etc/resolv.conf cannot be read"'

# Who must not be cut off.
port=79 start hosted env
check "a container in the node's network" ends_with 4 isolate hosted k7
check "is refused, and it is said why" says 'it is in the network of its node'
start alone unshare --net
check "one without a network" ends_with 4 isolate alone k7
check "is not connected" says 'it is not connected'

# An interface whose other end is in nobody's network: cut at the container's end.
start far unshare --net
unshare --net sleep 300 &
elsewhere=$!
children="$children $elsewhere"
until_true 5 sh -c "[ \$(readlink /proc/$elsewhere/ns/net) != \$(readlink /proc/self/ns/net) ]"
ip link add far0 type veth peer name far1
ip link set far0 netns "$far"
ip link set far1 netns "$elsewhere"
within "$far" ip addr add 10.213.99.2/24 dev far0
within "$far" ip link set far0 up
within "$elsewhere" ip addr add 10.213.99.1/24 dev far1
within "$elsewhere" ip link set far1 up
until_true 5 within "$elsewhere" "$talk" ask 10.213.99.2 7
check "one whose interface leads elsewhere" isolate far k8
check "is cut at its own end" says '"side":"container","interface":"far0"'
check "and is cut" no within "$elsewhere" "$talk" ask 10.213.99.2 7
check "released" "$probe" release --key k8
check "is reached again" within "$elsewhere" "$talk" ask 10.213.99.2 7

# Version 2 of control groups.
if [ -n "$unified" ]; then
	in_unified=1 start modern unshare --net
	connect "$modern"
	check "in a control group of version 2" isolate modern k9 --allow 10.213.$n.1
	check "it is cut there as well" says '"side":"cgroup"'
	check "what is allowed passes" as modern "$talk" ask 10.213.$n.1 7
	check "what is not is refused at once" ends_with 3 as modern "$talk" ask 10.213.$n.254 7
	check "its loopback works" as modern "$talk" ask 127.0.0.1 7
	check "released" "$probe" release --key k9
	check "all passes" as modern "$talk" ask 10.213.$n.254 7
	port=78 in_unified=1 start modernhosted env
	check "in the node's network it is cut there alone" isolate modernhosted k10
	check "by its control group" says '"places":[{"side":"cgroup"'
	check "the node's loopback is not its own" ends_with 3 as modernhosted "$talk" ask 127.0.0.1 7
	check "nothing reaches it" no ask 127.0.0.1 78
	check "the node goes on" ask 127.0.0.1 7
	check "released" "$probe" release --key k10
	check "it is reached again" ask 127.0.0.1 78
fi
# What can be told of one from the node.
"$probe" isolate --cgroup "$hierarchy:/$group/$control_id" --container "$control_id" --key k11 >/dev/null
"$probe" capture --cgroup "$hierarchy:/$group/$control_id" --seconds 20 --snaplen 60 >"$work/pcap" 2>"$work/captured" &
capturing=$!
until_true 5 test -s "$work/pcap"
as control "$talk" ask 10.213.2.1 7
check "what it tries while it is cut off is captured" until_true 5 sh -c "[ \$(wc -c <$work/pcap) -gt 24 ]"
"$probe" release --key k11 >/dev/null
as control "$talk" ask 10.213.2.1 7
kill -TERM $capturing
check "a capture ends when it is told to" wait $capturing
check "and says how much it was" grep -qE '"packets":[1-9][0-9]*,"lost":0,"full":false,"interfaces":1' "$work/captured"
check "it begins as pcap does" test "$(od -An -tx4 -N4 "$work/pcap" | tr -d ' ')" = a1b23c4d
"$probe" capture --cgroup "$hierarchy:/$group/$control_id" --seconds 20 --bytes 100 >"$work/pcap" 2>"$work/captured" &
capturing=$!
until_true 5 test -s "$work/pcap"
for _ in 1 2 3; do as control "$talk" ask 10.213.2.1 7; done
check "a capture that is full ends" wait $capturing
check "and says so" grep -qF '"full":true' "$work/captured"
check "the packets of the node are not a container's" ends_with 4 "$probe" capture --cgroup "$hierarchy:/$group/$hosted_id" --seconds 1
check "its processes" sh -c "'$probe' processes --cgroup '$hierarchy:/$group/$control_id' >'$work/answer'"
check "with their programs" says "\"sha256\":\"$(sha256sum "$work/root/bin/talk" | cut -d' ' -f1)\""
check "their arguments" says '"arguments":["/bin/talk","serve","7"]'
check "and their sockets" says '{"protocol":"tcp6","local":"[::]:7","remote":"[::]:0","state":"listening"}'
check "of none that is there" ends_with 3 "$probe" processes --cgroup "$hierarchy:/$group/$gone_id"

check "nothing is left at the end" until_true 5 sh -c "[ -z \"\$('$probe' isolated | grep -F $group)\" ]"
finish
