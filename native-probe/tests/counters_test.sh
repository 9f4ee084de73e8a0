#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sums of a heartbeat, whatever the number of CPUs.
exec build/tests/counters_test
