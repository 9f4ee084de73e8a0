#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kill race with the plain C reader, quiet and with hogs; one JSON line per side and run.
# usage: kill_race.sh [LAUNCHES [HOGS]] (root)
set -eu
cd "$(dirname "$0")/.."
launches=${1:-1000}
hogs=${2:-4}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

race() {
	build/bench/reader_kill $2 >"$work/reader" 2>"$work/err" &
	reader=$!
	while ! grep -q armed "$work/err"; do
		kill -0 $reader || { cat "$work/err" >&2; exit 1; }
		sleep 0.02
	done
	build/bench/launcher -n "$launches" --hogs "$1" build/bench/target "$work"
	kill $reader
	wait $reader
	cat "$work/reader"
}

for busy in 0 "$hogs"; do
	race "$busy" --default-wakeup
	race "$busy" ""
	race "$busy" --fifo
done
