# SPDX-License-Identifier: Apache-2.0
# What the test scripts share: one line per test, bounded waits, nothing left behind.
# A script sources this, calls pass and fail, and ends with `finish`.

cd "$(dirname "$0")/.." || exit 1
probe=build/pounce-probe
actors=build/tests
work=$(mktemp -d "${TMPDIR:-/tmp}/pounce-probe-test.XXXXXX")
chmod 755 "$work"
passed=0
failed=0
children=

cleanup() {
	for child in $children; do
		kill "$child" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# end_in GROUP...: kills the children, and removes control groups that had processes of theirs
end_in() {
	for child in $children; do kill -9 "$child" 2>/dev/null; done
	wait 2>/dev/null
	for top; do
		# Whoever was killed leaves its control group a moment later.
		[ ! -d "$top" ] || until_true 5 find "$top" -depth -type d -exec rmdir {} +
	done
	cleanup
}

pass() {
	passed=$((passed + 1))
	echo "ok    $*"
}

fail() {
	failed=$((failed + 1))
	echo "FAIL  $*"
}

# check NAME COMMAND...: passes when the command succeeds
check() {
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then pass "$name"; else fail "$name"; fi
}

# until SECONDS COMMAND...: tries until it succeeds; false when the time is up
until_true() {
	deadline=$(($(date +%s) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$deadline" ] || return 1
		sleep 0.02
	done
}

# Says in one line why nothing can be tested here, and that is no failure.
skip_unless_able() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "skip  $(basename "$0"): wants root"
		exit 0
	fi
	if ! reason=$($probe check); then
		echo "skip  $(basename "$0"): $(echo "$reason" | sed -n 's/^reason *//p')"
		exit 0
	fi
}

# start_tail OPTIONS...: events go to $events, until stop_tail
start_tail() {
	events=$work/events.$((passed + failed)).$$
	: >"$work/tail.err"
	$probe tail "$@" >"$events" 2>"$work/tail.err" &
	tail_pid=$!
	children="$children $tail_pid"
	until_true 10 grep -q armed "$work/tail.err" || {
		fail "tail $*: not armed: $(cat "$work/tail.err")"
		return 1
	}
}

stop_tail() {
	kill -TERM "$tail_pid" 2>/dev/null
	wait "$tail_pid"
}

# seen KIND PATTERN...: is there an event of the kind whose line has all patterns (fixed strings)?
seen() {
	lines=$(grep -F "{\"kind\":\"$1\"" "$events")
	shift
	for pattern in "$@"; do
		lines=$(printf '%s\n' "$lines" | grep -F -- "$pattern") || return 1
	done
	[ -n "$lines" ]
}

finish() {
	echo "$(basename "$0"): $passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
