#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every variant of every program through this kernel's verifier; see verify.c.
. "$(dirname "$0")/lib.sh"
skip_unless_able
uname -r
$actors/verify
