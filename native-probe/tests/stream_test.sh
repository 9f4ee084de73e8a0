#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The probe's conversation with an engine: how it begins, how the filter changes, what happens when
# either side goes, and that every event is accounted for when the engine does not keep up.
. "$(dirname "$0")/lib.sh"
skip_unless_able

EXEC=2 OPEN=16 # bits of the kinds

# start_engine [UID]: listens on $socket, prints to $events, is told things on descriptor 3
start_engine() {
	round=$((${round:-0} + 1))
	socket=$work/socket.$round
	events=$work/engine.$round
	mkfifo "$work/orders.$round"
	$actors/engine "$socket" "$@" <"$work/orders.$round" >"$events" &
	engine_pid=$!
	children="$children $engine_pid"
	exec 3>"$work/orders.$round"
	until_true 5 grep -q listening "$events"
}

# start_probe OPTIONS...
start_probe() {
	$probe run --socket "$socket" "$@" 2>"$work/probe.err" 3>&- &
	probe_pid=$!
	children="$children $probe_pid"
}

tell() {
	echo "$@" >&3
}

# The exit status of the probe, when it ends within SECONDS.
probe_ends_within() {
	until_true "$1" sh -c "! kill -0 $probe_pid" || return 99
	wait "$probe_pid"
}

# The kernel's numbers of the programs that the probe holds. Others may run a probe beside us.
programs_held() {
	sed -n 's/^prog_id:[[:space:]]*//p' /proc/$probe_pid/fdinfo/* 2>/dev/null
}

none_left() {
	for program in $programs; do
		! bpftool prog show id "$program" || return 1
	done
}

# opens_of NAME: how many were reported
opens_of() {
	grep '"kind":"open"' "$events" | grep -c "/$1\""
}

# --- the beginning
start_engine
start_probe
check "says HELLO with the kernel" until_true 5 grep -q "{\"hello\":\"$(uname -r)\"" "$events"
check "has not loaded anything yet" test -z "$(programs_held)"
tell filter 7 $((EXEC | OPEN)) 0 first-name
check "ARMED carries the generation" until_true 10 grep -q '{"armed":7,"tiers":1,"hooks":".*sys_exit' "$events"
check "an exec arrives" sh -c '/bin/true arrived; exit 0'
check "an exec arrived" until_true 2 seen exec '"/bin/true","arrived"'
check "its own process is not reported" sh -c "! grep -q '\"tgid\":$probe_pid,' '$events'"
check "a heartbeat comes" until_true 3 grep -q '{"heartbeat":7' "$events"

# --- the filter
: >"$work/first-name"
: >"$work/second-name"
cat "$work/first-name" "$work/second-name"
check "an open in the filter is reported" until_true 2 seen open '/first-name"'
cat "$work/missing/first-name" 2>/dev/null
check "a failed open is not, unless the filter asks" sh -c "! grep '\"kind\":\"open\"' '$events' | grep -q missing"
check "one that is not, is not" sh -c "! grep '\"kind\":\"open\"' '$events' | grep -q second-name"
tell filter 8 $((EXEC | OPEN)) 0 second-name
check "a new filter is confirmed" until_true 5 grep -q '{"armed":8,' "$events"
before=$(opens_of first-name)
cat "$work/first-name" "$work/second-name"
check "the new name is reported" until_true 2 seen open '/second-name"'
check "the old name no more" test "$(opens_of first-name)" -eq "$before"
tell filter 9 $EXEC 0
check "a filter without opens is confirmed" until_true 5 grep -q '{"armed":9,' "$events"
cat "$work/second-name"
/bin/true after-the-last-filter
check "execs go on" until_true 2 seen exec after-the-last-filter
check "opens have ended" test "$(opens_of second-name)" -eq 1

# A filter that changes all the time loses nothing that all its versions want.
generation=100
tell filter 99 $OPEN 0 first-name
until_true 5 grep -q '{"armed":99,' "$events"
{ $actors/burst "$work/first-name" 2 3000 200; : >"$work/burst.done"; } 3>&- &
while [ ! -e "$work/burst.done" ]; do
	tell filter $generation $OPEN 0 first-name "other-$generation"
	until_true 5 grep -q "{\"armed\":$generation," "$events"
	generation=$((generation + 1))
done
all_arrived() { [ "$(grep '"comm":"burst"' "$events" | grep -c '"kind":"open"')" -eq 6000 ]; }
check "no gap while the filter changed $((generation - 100)) times" until_true 5 all_arrived

# --- the end
programs=$(programs_held)
check "the programs are known" test "$(echo "$programs" | wc -w)" -ge 4
kill -KILL $engine_pid
check "the engine killed: exit 0" probe_ends_within 5
exec 3>&-
check "nothing is left in the kernel" until_true 5 none_left

start_engine
start_probe
tell filter 1 $EXEC 0
until_true 10 grep -q armed "$events"
kill -TERM $probe_pid
check "SIGTERM: exit 0" probe_ends_within 5
exec 3>&-

start_engine
start_probe
tell filter 1 $OPEN 0 first-name
until_true 10 grep -q armed "$events"
tell stall
$actors/burst "$work/first-name" 2 4000
kill -KILL $engine_pid
check "the engine killed while the probe waits for it: exit 0" probe_ends_within 5
exec 3>&-

start_engine
start_probe
until_true 5 grep -q hello "$events"
tell quit
check "the engine leaves before it says anything: exit 0" probe_ends_within 5
exec 3>&-

# --- what the engine must not say
refused() {
	what=$1
	shift
	start_engine
	start_probe
	until_true 5 grep -q hello "$events"
	tell "$@"
	probe_ends_within 5
	check "$what: exit 3" test $? -eq 3
	check "$what: REFUSED says so" until_true 2 grep -q '{"refused":4,"reason":"..' "$events"
	exec 3>&-
}
refused "wrong version" frame 9 65 40
refused "wrong kind" frame 1 1 40
refused "too short" frame 1 65 24
refused "too long" frame 1 65 40000
refused "size of zero" frame 1 65 0
#                               size    ver kind boottime        generation kinds   flags   wake    names   reserved
refused "name ends behind" bytes 2a0000000100410000000000000000000100000002000000000000000000000001000000000000000561
refused "fewer names than said" bytes 2a0000000100410000000000000000000100000002000000000000000000000002000000000000000161
refused "bytes left over" bytes 2a0000000100410000000000000000000100000002000000000000000000000000000000000000000161

# --- credentials
chmod 777 "$work"
start_engine 65534
start_probe
probe_ends_within 5
check "an engine of another user is not talked to" test $? -eq 1
check "and it is said why" grep -q -- '--engine-uid 65534' "$work/probe.err"
check "it heard nothing" sh -c "! grep -q hello '$events'"
exec 3>&-
start_engine 65534
start_probe --engine-uid 65534
check "unless its uid is given" until_true 5 grep -q hello "$events"
tell quit
exec 3>&-

# --- when the host cannot
start_engine 65534
setpriv --reuid 65534 --clear-groups $probe run --socket "$socket" 2>"$work/probe.err" 3>&- &
probe_pid=$!
until_true 5 grep -q hello "$events"
tell filter 1 $EXEC 0
check "no rights: REFUSED says what to grant" until_true 5 grep -q '{"refused":2,.*CAP_BPF' "$events"
probe_ends_within 5
check "no rights: exit 3" test $? -eq 3
exec 3>&-
if unshare --mount true 2>/dev/null; then
	start_engine
	unshare --mount sh -c "mount -t tmpfs none /sys/kernel/btf && exec $probe run --socket '$socket'" \
		2>"$work/probe.err" 3>&- &
	probe_pid=$!
	until_true 5 grep -q hello "$events"
	tell filter 1 $EXEC 0
	check "no BTF: REFUSED says what is missing" until_true 5 grep -q '{"refused":1,.*CONFIG_DEBUG_INFO_BTF' "$events"
	probe_ends_within 5
	check "no BTF: exit 3" test $? -eq 3
	exec 3>&-
fi
$probe run --socket "$work/nobody-listens" 2>"$work/probe.err"
check "no engine: exit 1" test $? -eq 1
check "no engine: it is said" grep -q 'is the engine running' "$work/probe.err"

# --- losses: a ring of 64 KiB, an engine that does not read, more events than all buffers hold
start_engine
start_probe --ring-bytes 65536
tell filter 1 $OPEN 0 first-name
until_true 10 grep -q armed "$events"
tell stall
$actors/burst "$work/first-name" 2 20000
tell go
accounted() {
	line=$(grep heartbeat "$events" | tail -1)
	sent=$(echo "$line" | sed 's/.*"sent":\([0-9]*\).*/\1/')
	lost=$(echo "$line" | sed 's/.*"lost":\([0-9]*\).*/\1/')
	arrived=$(grep -c '"kind":"open"' "$events")
	[ "$lost" -gt 0 ] && [ $((sent + lost)) -eq 40000 ] && [ "$arrived" -eq "$sent" ]
}
check "sent + lost is what happened, and what was sent arrived" until_true 5 accounted
line=$(grep heartbeat "$events" | tail -1)
echo "      $line"
check "delivered is what was sent" sh -c "echo '$line' | grep -q \"\\\"sent\\\":\\([0-9]*\\),.*\\\"delivered\\\":\\1,\""
kill -TERM $probe_pid
check "it ends when asked" probe_ends_within 5
exec 3>&-

# A probe that is stuck in a write can be stopped, too.
start_engine
start_probe
tell filter 1 $OPEN 0 first-name
until_true 10 grep -q armed "$events"
tell stall
$actors/burst "$work/first-name" 2 4000
kill -TERM $probe_pid
check "SIGTERM while the engine does not read: exit 0" probe_ends_within 5
exec 3>&-
finish
