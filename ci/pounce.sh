#!/bin/sh
# Starts Pounce on a Java 21 or later. Settings for the virtual machine go into POUNCE_JAVA_OPTS.
home=$(dirname "$(dirname "$(readlink -f "$0")")")

# By the file that every JDK carries: asking the program itself would cost as much as most commands take.
java_of_21() {
	[ -x "$1" ] || return 1
	version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$(dirname "$(readlink -f "$1")")/../release" 2>/dev/null)
	[ "${version:-0}" -ge 21 ]
}
for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java)" /usr/lib/jvm/*/bin/java /opt/*/bin/java \
	"${XDG_CACHE_HOME:-$HOME/.cache}"/pounce/jdk/*/bin/java; do
	java_of_21 "$java" && break
	java=
done
[ -n "$java" ] || {
	echo "pounce: no Java 21 or later was found; set JAVA_HOME to one" >&2
	exit 1
}

# A command that prints and ends is quickest on the first compiler alone; the engine gets both.
case ${1:-} in run) tier= ;; *) tier=-XX:TieredStopAtLevel=1 ;; esac
# What ci/package let the JVM learn; a JDK that cannot use it goes on without.
learnt=
[ -f "$home/lib/pounce.aot" ] && learnt="-XX:AOTCache=$home/lib/pounce.aot -Xlog:aot=off -Xlog:cds=off"
# A small heap on the serial collector: collections of a millisecond or two, and no threads of its own.
# shellcheck disable=SC2086 # each may be several words, or none
exec "$java" -XX:+IgnoreUnrecognizedVMOptions $learnt -XX:+UseSerialGC -Xms48m -Xmx256m -Xss512k $tier -XX:+ExitOnOutOfMemoryError \
	--enable-native-access=ALL-UNNAMED -Dpounce.home="$home" ${POUNCE_JAVA_OPTS:-} \
	-jar "$home/lib/quarkus-run.jar" "$@"
