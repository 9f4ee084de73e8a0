#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every test script and adds up.
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
broken=0
for test in tests/*_test.sh; do
	"$test" >"$log" 2>&1 || broken=1
	grep -v '^ok ' "$log"
	cat "$log" >>"$log.all"
done
passed=$(grep -c '^ok ' "$log.all")
failed=$(grep -c '^FAIL ' "$log.all")
rm -f "$log.all"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$broken" -eq 0 ]
