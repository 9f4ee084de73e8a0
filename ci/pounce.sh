#!/bin/sh
# Starts Pounce on a Java 21 or later. Settings for the virtual machine go into POUNCE_JAVA_OPTS.
home=$(dirname "$(dirname "$(readlink -f "$0")")")

# By the file that every JDK carries: asking the program itself would cost as much as most commands take.
java_version() {
	[ -x "$1" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$(dirname "$(readlink -f "$1")")/../release" 2>/dev/null
}
for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java)" /usr/lib/jvm/*/bin/java /opt/*/bin/java \
	"${XDG_CACHE_HOME:-$HOME/.cache}"/pounce/jdk/*/bin/java; do
	version=$(java_version "$java")
	[ "${version:-0}" -ge 21 ] && break
	java=
done
[ -n "$java" ] || {
	echo "pounce: no Java 21 or later was found; set JAVA_HOME to one" >&2
	exit 1
}

# From the last option to the first: each is put in front, so that a path may have blanks in it.
command=${1:-}
set -- --enable-native-access=ALL-UNNAMED "-Dpounce.home=$home" ${POUNCE_JAVA_OPTS:-} -jar "$home/lib/quarkus-run.jar" "$@"
# A small heap on the serial collector: collections of a millisecond or two, and no threads of its own.
set -- -XX:+UseSerialGC -Xms48m -Xmx256m -Xss512k -XX:+ExitOnOutOfMemoryError "$@"
# The network library under the cluster's client reaches for memory in a way that newer JVMs warn of; nobody who runs this can
# do anything about it.
[ "$version" -lt 24 ] || set -- --sun-misc-unsafe-memory-access=allow "$@"
# What ci/package let the JVM learn. Only the JDK that learnt it can use it; others are not even asked (25 is the first).
if [ "$version" -ge 25 ] && [ -f "$home/lib/pounce.aot" ]; then
	set -- "-XX:AOTCache=$home/lib/pounce.aot" -Xlog:aot=off:stderr -Xlog:cds=off:stderr "$@"
fi
# What the virtual machine has to say goes to stderr; stdout belongs to detections and answers.
set -- -Xlog:disable -Xlog:all=warning:stderr "$@"
# A command that prints and ends is quickest on the first compiler alone; the engine gets both, and its code lies close
# together for the sake of the processor's caches.
if [ "$command" = run ]; then
	set -- -XX:ReservedCodeCacheSize=64m "$@"
else
	set -- -XX:TieredStopAtLevel=1 "$@"
fi
exec "$java" "$@"
