#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where a program comes from and in which container it runs: the overlay's upper layer, and the
# cgroup names that a runtime gives. The overlay is mounted in a mount namespace of its own; the
# container needs runc and a static busybox, and is left out where they are missing.
. "$(dirname "$0")/lib.sh"
skip_unless_able

busybox=$(command -v busybox)
start_tail --kinds exec,open,fork,exit --name watched-file || finish

# An overlay cannot have another overlay as its upper layer, so everything lives on a tmpfs.
mkdir "$work/stage"
cat >"$work/overlay.sh" <<'SCRIPT'
set -e
mount -t tmpfs none "$1/stage"
cd "$1/stage"
mkdir lower upper workdir merged
cp /bin/true lower/from-image
cp /bin/true lower/chmodded
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=workdir merged
cp /bin/true merged/dropped
cp /bin/true outside
chmod 0711 merged/chmodded
merged/from-image
merged/dropped
merged/chmodded
./outside
echo >merged/watched-file
SCRIPT
if unshare --mount sh "$work/overlay.sh" "$work" 2>"$work/overlay.err"; then
	flags_of() { grep '"kind":"exec"' "$events" | grep "\"path\":\"[^\"]*/$1\"" | sed -n 's/.*"flags":\[\([^]]*\)\].*/\1/p' | head -1; }
	until_true 5 seen exec '/outside"'
	check "a program of the image: overlay, not upper layer" test "$(flags_of from-image)" = '"overlay","writable"'
	check "a program that was dropped: upper layer" test "$(flags_of dropped)" = '"upperLayer","overlay","writable"'
	check "a program whose mode was changed: upper layer" test "$(flags_of chmodded)" = '"upperLayer","overlay","writable"'
	check "a program on a tmpfs: no overlay" test "$(flags_of outside)" = '"writable"'
	check "a file opened for writing: upper layer" until_true 2 seen open 'merged/watched-file"' '"flags":["upperLayer","overlay"]'
else
	echo "skip  overlay: $(tail -1 "$work/overlay.err")"
fi

# A runtime that knows nothing of the unified hierarchy: the process is at its root, and the names
# come from the pids controller of version 1.
pids=/sys/fs/cgroup/pids
if [ -d $pids ] && mkdir -p "$pids/pounce-$$/docker/leaf" 2>/dev/null; then
	sh -c "echo \$\$ >$pids/pounce-$$/docker/leaf/cgroup.procs && exec /bin/true in-version-1"
	check "without the unified hierarchy: the names of the pids controller" \
		until_true 5 seen exec '"in-version-1"' "\"cgroup\":\"pounce-$$/docker/leaf\"" \
		"\"pidsCgroupId\":$(stat -c %i "$pids/pounce-$$/docker/leaf"),"
	until_true 2 rmdir "$pids/pounce-$$/docker/leaf"
	rmdir "$pids/pounce-$$/docker" "$pids/pounce-$$"
else
	echo "skip  version 1 cgroups: this host has none"
fi

id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
run_container() {
	mkdir -p "$work/bundle/rootfs/bin" "$work/bundle/rootfs/proc"
	cp "$busybox" "$work/bundle/rootfs/bin/busybox"
	: >"$work/bundle/rootfs/watched-file"
	cat >"$work/bundle/config.json" <<JSON
{"ociVersion": "1.0.2",
 "process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "cwd": "/",
   "args": ["/bin/busybox", "cat", "/watched-file"], "env": ["PATH=/bin"]},
 "root": {"path": "rootfs", "readonly": false},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
 "linux": {"cgroupsPath": "/pounce-test/docker/$id",
   "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}}
JSON
	runc --root "$work/runc" run --bundle "$work/bundle" "pounce-$$" </dev/null
}
if [ -z "$busybox" ] || ! command -v runc >/dev/null || ldd "$busybox" >/dev/null 2>&1; then
	echo "skip  container: wants runc and a static busybox"
elif ! run_container >"$work/runc.log" 2>&1; then
	echo "skip  container: runc cannot run one here: $(tail -1 "$work/runc.log")"
else
	check "an exec in a container carries its cgroup names" \
		until_true 5 seen exec '"path":"/bin/busybox"' "\"cgroup\":\"pounce-test/docker/$id\""
	check "and its pid in there" seen exec '"path":"/bin/busybox"' '"vtgid":1,' "\"cgroup\":\"pounce-test/docker/$id\""
	check "its namespaces are not the host's" sh -c "! grep '\"path\":\"/bin/busybox\"' '$events' | grep -q '\"mntNs\":$(stat -Lc %i /proc/self/ns/mnt),'"
	check "an open in there, as seen from there" until_true 2 seen open '"path":"/watched-file"' "docker/$id\""
	rmdir /sys/fs/cgroup/*/pounce-test/docker /sys/fs/cgroup/*/pounce-test \
		/sys/fs/cgroup/pounce-test/docker /sys/fs/cgroup/pounce-test 2>/dev/null
fi
stop_tail
[ "$failed" -eq 0 ] || [ -z "${KEEP:-}" ] || cp "$events" "$KEEP"
finish
