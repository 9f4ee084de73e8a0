#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Loads every program on this kernel, in every variant that this kernel might be given, and prints
# how many instructions the verifier had to look at: growth is to be seen before it hurts.
set -u
cd "$(dirname "$0")/.." || exit 1
probe=build/pounce-probe
POUNCE_PROBE_VERIFY=1 exec $probe check
