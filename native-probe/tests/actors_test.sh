#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every actor under `pounce-probe tail` and compares what it says should be reported with what was.
. "$(dirname "$0")/lib.sh"
skip_unless_able

tab=$(printf '\t')
long=$(printf 'n%.0s' $(seq 200))
# matches LINE: the strings of an expectation, tabs between them, all in one event
matches() {
	kind=$1
	rest=$2
	lines=$(cat "$events")
	[ "$kind" = once ] || lines=$(printf '%s\n' "$lines" | grep -F "{\"kind\":\"$kind\"")
	while [ -n "$rest" ]; do
		pattern=${rest%%"$tab"*}
		[ "$pattern" = "$rest" ] && rest= || rest=${rest#*"$tab"}
		lines=$(printf '%s\n' "$lines" | grep -F -- "$pattern") || return 1
	done
	[ "$kind" != once ] || [ "$(printf '%s\n' "$lines" | wc -l)" -eq 1 ]
}

# run_actors VARIANT: under the programs that this kernel gets, and under those of the oldest
run_actors() {
	start_tail --unix --failed-opens --name watched-file --name watched-dir --name "$long" || finish
	for source in tests/actors/*.c; do
		actor=$(basename "$source" .c)
		mkdir "$work/$actor.$1"
		if ! "$actors/$actor" "$work/$actor.$1" >"$work/expected" 2>"$work/actor.err"; then
			fail "$actor, $1: $(cat "$work/actor.err")"
			continue
		fi
		# Its own exit is the last event of an actor: when that is there, all is there.
		last=$(sed -n 's/.*"tgid":\([0-9]*\).*/\1/p' "$work/expected" | head -1)
		[ -z "$last" ] || until_true 5 matches exit "\"tgid\":$last,"
		wrong=
		while IFS= read -r line; do
			kind=${line%%"$tab"*}
			rest=${line#*"$tab"}
			case $kind in
			!*) ! matches "${kind#!}" "$rest" || wrong="reported, and should not be: $line" ;;
			*) until_true 1 matches "$kind" "$rest" || wrong="not reported: $line" ;;
			esac
			[ -z "$wrong" ] || break
		done <"$work/expected"
		if [ -z "$wrong" ]; then pass "$actor, $1"; else fail "$actor, $1: $wrong"; fi
	done
	stop_tail
	check "the actors lost nothing, $1" grep -q ' lost 0 ' "$work/tail.err"
}

run_actors newest
POUNCE_PROBE_OLDEST=1
export POUNCE_PROBE_OLDEST
run_actors oldest
[ "$failed" -eq 0 ] || [ -z "${KEEP:-}" ] || cp "$events" "$KEEP"
finish
