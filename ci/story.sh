# How the demos tell their stories. Sourced after lib.sh.

chapter() { printf '\n== %s\n' "$*"; }

# What is shown besides when a sentence does not hold; a story has its own.
what_was_said() { :; }

holds() { # SENTENCE COMMAND...: a sentence of the story that must be true
	local what=$1
	shift
	if "$@"; then printf '   holds: %s\n' "$what"; else
		printf '   DOES NOT HOLD: %s\n' "$what" >&2
		what_was_said >&2
		exit 1
	fi
}
not() { ! "$@" >/dev/null; }
within() { # SECONDS COMMAND...: waits until it is true
	local end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.05
	done
}
