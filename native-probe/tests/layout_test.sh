#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The golden frames in the tree are what this build makes. When they are to change: make golden.
. "$(dirname "$0")/lib.sh"
seen_names=
mkdir "$work/golden"
check "the frames can be written" $actors/layout_test "$work/golden"
for file in tests/golden/* "$work"/golden/*; do
	[ -f "$file" ] || continue
	name=$(basename "$file")
	case " $seen_names " in *" $name "*) continue ;; esac
	seen_names="$seen_names $name"
	check "golden $name" cmp "tests/golden/$name" "$work/golden/$name"
done
finish
