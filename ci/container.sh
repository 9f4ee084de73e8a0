# A real container runtime for the demo and the tests: containerd and runc from Debian with everything they
# write in one directory of ours, and an image made here from busybox. Sourced after lib.sh.

# container_runtime_up DIRECTORY: starts containerd, imports the image `pounce.local/busybox:1`
container_runtime_up() {
	runtime=$1
	mkdir -p "$runtime"
	cat >"$runtime/containerd.toml" <<-TOML
		version = 2
		root = "$runtime/root"
		state = "$runtime/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$runtime/containerd.sock"
	TOML
	containerd --config "$runtime/containerd.toml" >"$runtime/containerd.log" 2>&1 &
	containerd_pid=$!
	local tries
	for tries in $(seq 100); do
		container_ctl version >/dev/null 2>&1 && break
		kill -0 $containerd_pid 2>/dev/null || {
			tail -5 "$runtime/containerd.log" >&2
			fail "containerd ended while it was starting"
		}
		sleep 0.1
	done
	[ "$tries" -lt 100 ] || fail "containerd did not answer within 10 s; see $runtime/containerd.log"
	container_image "$runtime/busybox.tar"
	container_ctl images import "$runtime/busybox.tar" >/dev/null
}

# A namespace per run, so that what is left below /run and in the cgroups is known to be ours.
container_namespace=pounce-$$
container_ctl() { ctr --address "$runtime/containerd.sock" --namespace "$container_namespace" "$@"; }

# container_run ID: a container that does nothing until it is told to. The snapshotter is named, for a binary
# that is dropped is told from one of the image by the overlay.
container_run() {
	container_ctl run --detach --snapshotter overlayfs pounce.local/busybox:1 "$1" /bin/sleep 86400
}

# container_exec ID COMMAND...: without a terminal
container_exec() {
	local id=$1
	shift
	container_ctl tasks exec --exec-id "exec-$RANDOM$RANDOM" "$id" "$@"
}

# container_shell ID LINE: a shell on a terminal of its own, which is given one line to run
container_shell() {
	local id=$1 exec_id=shell-$RANDOM$RANDOM
	script -qefc "ctr --address $runtime/containerd.sock --namespace $container_namespace tasks exec --tty --exec-id $exec_id $id /bin/sh -c '$2'" \
		/dev/null </dev/null
}

container_remove() {
	container_ctl tasks kill --signal SIGKILL --all "$1" >/dev/null 2>&1 || true
	local tries
	for tries in $(seq 50); do
		container_ctl tasks delete "$1" >/dev/null 2>&1 && break
		container_ctl tasks list -q 2>/dev/null | grep -qx "$1" || break
		sleep 0.1
	done
	container_ctl containers delete "$1" >/dev/null 2>&1 || true
}

container_runtime_down() {
	[ -n "${runtime:-}" ] || return 0
	local id
	for id in $(container_ctl containers list -q 2>/dev/null); do container_remove "$id"; done
	container_ctl images remove pounce.local/busybox:1 >/dev/null 2>&1 || true
	kill "$containerd_pid" 2>/dev/null || true
	wait "$containerd_pid" 2>/dev/null || true
	local mounted
	for mounted in $(awk -v d="$runtime/" 'index($2, d) == 1 {print $2}' /proc/mounts | sort -r); do
		umount -l "$mounted" 2>/dev/null || true
	done
	find /sys/fs/cgroup -depth -type d -path "*/$container_namespace*" -exec rmdir {} + 2>/dev/null || true
	rm -rf "$runtime" "/run/containerd/runc/$container_namespace"
	runtime=
}

# container_image OUT.tar: one layer with busybox and its names, as an OCI archive
container_image() {
	local work layer config manifest name
	work=$(mktemp -d)
	mkdir -p "$work/fs/bin" "$work/fs/etc" "$work/fs/proc" "$work/fs/sys" "$work/fs/dev" "$work/fs/root" "$work/fs/tmp" \
		"$work/oci/blobs/sha256"
	chmod 1777 "$work/fs/tmp"
	cp "$(command -v busybox)" "$work/fs/bin/busybox"
	for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "$work/fs/bin/$name"; done
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$work/fs/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/fs/etc/group"
	printf 'root:*:19000:0:99999:7:::\n' >"$work/fs/etc/shadow"
	tar -C "$work/fs" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/layer.tar" .
	layer=$(container_blob "$work/oci" "$work/layer.tar")
	printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/bin:/bin:/usr/sbin:/sbin"],"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(dpkg --print-architecture)" "$layer" >"$work/config"
	config=$(container_blob "$work/oci" "$work/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
		"$config" "$(stat -c %s "$work/config")" "$layer" "$(stat -c %s "$work/layer.tar")" >"$work/manifest"
	manifest=$(container_blob "$work/oci" "$work/manifest")
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"pounce.local/busybox:1","org.opencontainers.image.ref.name":"1"}}]}' \
		"$manifest" "$(stat -c %s "$work/manifest")" >"$work/oci/index.json"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
	tar -C "$work/oci" -cf "$1" .
	rm -rf "$work"
}

# container_blob OCI-DIRECTORY FILE: stores a file under its digest and prints that
container_blob() {
	local digest
	digest=$(sha256sum "$2" | cut -d' ' -f1)
	cp "$2" "$1/blobs/sha256/$digest"
	echo "$digest"
}
