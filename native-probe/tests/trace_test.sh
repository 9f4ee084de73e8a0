#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The system calls of a container: all of them, only its own, counted where they are lost. A container is a process in a control group named
# as a runtime would, in each hierarchy that this host has.
. "$(dirname "$0")/lib.sh"
skip_unless_able
calls=$PWD/$actors/calls
group=pounce-trace-$$
unified=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)

trap 'end_in "/sys/fs/cgroup/pids/$group" "$unified/$group"' EXIT

new_id() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# enter GROUP COMMAND...: this shell becomes it, in there
enter() {
	mkdir -p "$groups/$group/$1"
	exec sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' _ "$groups/$group/$@"
}

# idle GROUP: a process that does nothing there; sets idler
idle() {
	enter "$1" sleep 60 &
	idler=$!
	children="$children $idler"
	until_true 5 grep -q sleep "/proc/$idler/comm"
}

# start_trace OPTIONS...: to $lines, from when it returns
start_trace() {
	lines=$work/trace.$((passed + failed))
	$probe trace "$@" >"$lines" 2>"$work/trace.err" &
	tracer=$!
	children="$children $tracer"
	until_true 10 grep -q '"trace":1' "$lines" || fail "trace $*: $(cat "$work/trace.err")"
}

stop_trace() {
	kill -TERM "$tracer" 2>/dev/null
	wait "$tracer"
}

# told PATTERN...: is there a line with all of them (fixed strings)?
told() {
	found=$(cat "$lines")
	for pattern; do
		found=$(printf '%s\n' "$found" | grep -F -- "$pattern") || return 1
	done
}

not() { ! "$@"; }

# number NAME: from the last line
number() { tail -1 "$lines" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

check_hierarchy() {
	hierarchy=$1
	groups=$2
	where=${hierarchy:-unified}
	id=$(new_id)
	other=$(new_id)
	mkdir "$work/$where"
	idle "$id"
	idle "$other"
	start_trace --cgroup "$hierarchy:/$group/$id" --seconds 30
	(enter "$id" "$calls" known "$work/$where")
	(enter "$id/deep/down" "$actors/exec_from_thread" "$work/$where" >/dev/null)
	(enter "$id" "$actors/open_int80" "$work/$where" >/dev/null)
	(enter "$other" cat /etc/hosts >/dev/null)
	cat /etc/hostname >/dev/null
	idle "$id"
	until_true 5 grep -q '^[1-9]' "/proc/$idler/syscall" # not running: it waits
	stop_trace

	check "$where: a file that is made" told '"comm":"calls"' '"call":"openat"' '"path":"was here","result":3}'
	check "$where: when and how long" told '"path":"was here"' '"took":' "\"time\":\"$(date -u +%Y-%m-)"
	check "$where: the six arguments" told '"path":"was here"' '"args":["0xffffff9c","0x' '","0x41","0x180",'
	check "$where: an error by its name, a name that is no text" told '"path":"was\u000an\u0080t here","result":-2,"error":"ENOENT"'
	check "$where: memory that cannot be read" told '"call":"openat"' '"path":null,"result":-14,"error":"EFAULT"'
	check "$where: both names of a rename" told '"call":"rename"' '"path":"was here","to":"is \"here\"","result":0'
	check "$where: both names of a link" told '"call":"symlink"' '"target":"elsewhere","path":"link"'
	check "$where: unlink" told '"call":"unlinkat"' '"path":"is \"here\""'
	check "$where: connect" told '"call":"connect"' '"address":"127.0.0.1:9"' '"result":-111,"error":"ECONNREFUSED"'
	check "$where: connect, version 6" told '"call":"connect"' '"address":"[::1]:9"'
	check "$where: connect, an abstract name" told '"call":"connect"' '"address":"\u0000no\"body"'
	check "$where: a program that does not begin" told '"call":"execve"' '"path":"/bin/no such program","result":-2'
	check "$where: a program that begins" told '"call":"execve"' '"path":"/bin/true","argv":["true","an argument"],"result":0'
	check "$where: it is told once" test "$(grep -c '"argv":\["true","an argument"\]' "$lines")" = 1
	check "$where: never the environment" not grep -q hidden "$lines"
	check "$where: its end" told '"comm":"true"' '"call":"exit_group"' '"args":["0x0"' '"unfinished":"ended"'
	check "$where: below the container, a program that another thread begins" \
		told '"call":"execve"' '"argv":["true","from-thread"]' '"result":0'
	check "$where: a call of the 32-bit kind" told '"call":"open"' '"compat":true' '"path":"' '"result":'
	check "$where: who still waits" told '"comm":"sleep"' '"call":"clock_nanosleep"' '"unfinished":"running"'
	check "$where: nothing of another container" not grep -q /etc/hosts\" "$lines"
	check "$where: nothing of the host" not grep -q /etc/hostname\" "$lines"
	check "$where: nothing lost" test "$(number lost) $(number skipped)" = "0 0"
	check "$where: as many lines as it says" test "$(($(number calls) + 2))" = "$(wc -l <"$lines")"
	check "$where: how it ended" grep -q '"answer":"traced","ended":"stopped"' "$work/trace.err"

	idle "$id"
	start_trace --cgroup "$hierarchy:/$group/$id" --cgroup "$hierarchy:/$group/$other" --seconds 30
	(enter "$id" cat /etc/hostname >/dev/null)
	(enter "$other" cat /etc/hosts >/dev/null)
	stop_trace
	check "$where: of two containers, the first" told '"container":0' '"path":"/etc/hostname"'
	check "$where: of two containers, the second" told '"container":1' '"path":"/etc/hosts"'

	# What stands in the pipe and the ring before anybody reads is little: most is lost, and all is counted.
	id=$(new_id)
	mkfifo "$work/$where/go" "$work/$where/slow"
	enter "$id" "$calls" count 100000 <"$work/$where/go" &
	counter=$!
	children="$children $counter"
	exec 7>"$work/$where/go"
	until_true 5 grep -q calls "/proc/$counter/comm"
	lines=$work/$where/lines
	$probe trace --cgroup "$hierarchy:/$group/$id" --buffer 128 --seconds 30 >"$work/$where/slow" 2>"$work/trace.err" &
	tracer=$!
	children="$children $tracer"
	exec 8<"$work/$where/slow"
	IFS= read -r header <&8
	printf 'xx' >&7
	until_true 10 not grep -q calls "/proc/$counter/cmdline" # what has ended has none
	cat <&8 >"$lines"
	exec 7>&- 8<&-
	wait "$tracer"
	check "$where: with no reader, most is lost" test "$(number lost)" -gt 50000
	check "$where: what is lost and what is told is all there was" test "$(($(number calls) + $(number lost)))" = 100003
	check "$where: as many lines as it says" test "$(($(number calls) + 1))" = "$(wc -l <"$lines")"
	check "$where: a container that ends, ends it" grep -q '"ended":"gone"' "$lines"

	check "$where: a container that is not there" not "$probe" trace --cgroup "$hierarchy:/$group/$id"
	"$probe" trace --cgroup "$hierarchy:/$group/$id" >/dev/null 2>&1
	check "$where: and its code" test $? = 3
}

[ ! -d /sys/fs/cgroup/pids ] || check_hierarchy pids /sys/fs/cgroup/pids
[ -z "$unified" ] || check_hierarchy "" "$unified"

# The whole node, until there is no more room
start_trace --node --bytes 65536 --seconds 30
cat /etc/hostname >/dev/null
until_true 10 not kill -0 "$tracer"
wait "$tracer"
check "the node: ended when its room was used up" told '"ended":"bytes"'
check "the node: no more than it may" test "$(wc -c <"$lines")" -le 65536
check "the node: not ourselves" not grep -q "\"pid\":$tracer," "$lines"
check "the node: in which control group" told '"scope":"node"'

start_trace --node --seconds 1
cat /etc/hostname >/dev/null
wait "$tracer"
check "the node: what anybody does, and where" told '"comm":"cat"' '"path":"/etc/hostname"' '"cgroup":"'
check "the node: until its time is over" told '"ended":"time"'
check "the node: not ourselves, either" not grep -q "\"pid\":$tracer," "$lines"

"$probe" trace >/dev/null 2>&1
check "neither a container nor the node" test $? = 2
"$probe" trace --cgroup memory:/somewhere >/dev/null 2>&1
check "a hierarchy that cannot be looked into" test $? = 2
"$probe" trace --node --seconds 0 >/dev/null 2>&1
check "no time" test $? = 2
finish
