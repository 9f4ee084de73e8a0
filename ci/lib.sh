# What the scripts in this folder share: words on the terminal, packages, a JDK, the build. Sourced, not run.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${POUNCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pounce}
dist=$root/target/pounce

# One line per thing that takes long, with how long it has taken so far.
began=$(date +%s)
say() { printf '%4ss  %s\n' "$(($(date +%s) - began))" "$*"; }
fail() {
	printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# quietly WORDS... : runs a command with its output in a log that is shown only when it fails
quietly() {
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		tail -60 "$log" >&2
		rm -f "$log"
		fail "this failed: $*"
	fi
	rm -f "$log"
}

# need PACKAGE...: installs the Debian packages that are not there
need() {
	local missing=() package
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || fail "needs root to install ${missing[*]}; install them, or run this as root"
	say "installing ${missing[*]}"
	quietly apt-get update -qq
	DEBIAN_FRONTEND=noninteractive quietly apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# The newest JDK of 25 or later wherever it lies; else one from its vendor, by its published checksum.
find_jdk() {
	local candidate version
	for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/*jdk* "$cache"/jdk/* "$HOME"/.sdkman/candidates/java/*; do
		[ -x "$candidate/bin/javac" ] || continue
		version=$("$candidate/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
		[ "${version:-0}" -ge 25 ] && echo "$candidate" && return 0
	done
	return 1
}

install_jdk() {
	if apt-cache show openjdk-25-jdk-headless >/dev/null 2>&1; then
		need openjdk-25-jdk-headless
		return
	fi
	need ca-certificates curl
	local machine vendor archive sum
	case $(uname -m) in
	x86_64) machine=x64 ;;
	aarch64) machine=aarch64 ;;
	*) fail "no JDK 25 for $(uname -m) is known; put one into /opt/jdk-25" ;;
	esac
	vendor=https://api.adoptium.net/v3
	archive=$(mktemp)
	say "downloading a JDK 25 (Eclipse Temurin)"
	quietly curl -fsSL --retry 3 -o "$archive" \
		"$vendor/binary/latest/25/ga/linux/$machine/jdk/hotspot/normal/eclipse?project=jdk"
	sum=$(curl -fsSL --retry 3 "$vendor/assets/latest/25/hotspot?architecture=$machine&image_type=jdk&os=linux&vendor=eclipse" |
		sed -n 's/.*"checksum": *"\([0-9a-f]\{64\}\)".*/\1/p' | head -1)
	[ -n "$sum" ] || fail "the vendor's checksum for the JDK could not be read"
	echo "$sum  $archive" | sha256sum -c --quiet || fail "the JDK's archive does not have the vendor's checksum"
	mkdir -p "$cache/jdk/25"
	tar -xzf "$archive" -C "$cache/jdk/25" --strip-components=1
	rm -f "$archive"
}

use_jdk() {
	JAVA_HOME=$(find_jdk) || {
		install_jdk
		JAVA_HOME=$(find_jdk) || fail "no JDK 25 was found after installing one"
	}
	export JAVA_HOME PATH="$JAVA_HOME/bin:$PATH"
}

# Everything that building and running needs. Quick when it is all there.
set_up() {
	need clang clang-format llvm libbpf-dev libelf-dev zlib1g-dev linux-libc-dev libc6-dev gcc make bpftool maven \
		containerd runc busybox-static bsdutils procps git
	use_jdk
}

maven() { mvn -B -ntp -q -f "$root/pom.xml" "$@"; }

# packaged: target/pounce is there and newer than all it is made from
packaged() {
	[ -f "$dist/.complete" ] || return 1
	[ -z "$(find "$root/pom.xml" "$root/src/main" "$root/src/build" "$root/native-probe" "$root/rules" "$root/actionsets" "$root"/ci/{lib.sh,package,pounce.sh} \
		-path "$root/native-probe/build" -prune -o -type f -newer "$dist/.complete" -print -quit)" ]
}

# Said when it is warm, which is how the lesson's end is known
lesson_options='-Dquarkus.log.category."dev.pounce".level=DEBUG -Dquarkus.log.min-level=DEBUG'

# learn FOLDER COMMAND...: has a JVM learn from a start and from alerts about a cluster, as src/build/java/Lesson.java plays them.
# The command is given a script that runs the engine, with the folder as LESSON, until all of it was learnt.
learn() {
	local folder=$1 teacher
	shift
	("$JAVA_HOME/bin/java" "$root/src/build/java/Lesson.java" "$folder" 2>"$folder/err" && touch "$folder/learnt") &
	teacher=$!
	until [ -e "$folder/listen" ]; do
		kill -0 $teacher 2>/dev/null || break
		sleep 0.1
	done
	# shellcheck disable=SC2016 # it is another shell that knows
	"$@" '
		pounce run -o json --state $LESSON/state --probe $LESSON/none --listen "$(cat $LESSON/listen)" \
			--kubeconfig $LESSON/kubeconfig --talon $LESSON/talon.yaml --mode enforce </dev/null >/dev/null 2>>$LESSON/err &
		for try in $(seq 3000); do
			[ -e $LESSON/learnt ] && grep -q "Warmed up" $LESSON/err && break
			kill -0 $! 2>/dev/null || break
			sleep 0.1
		done
		kill $! && wait $! && [ -e $LESSON/learnt ]' && wait $teacher || {
		tail -20 "$folder/err" >&2
		return 1
	}
}
