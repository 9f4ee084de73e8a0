# Images made here, as OCI archives of one layer that "ctr images import" takes. Sourced after lib.sh.

# oci_archive ROOT OUT.tar NAME CONFIG: CONFIG is the JSON object of an image's "config". The same root gives the same bytes.
oci_archive() {
	local fs=$1 out=$2 name=$3 settings=$4 work layer config manifest
	work=$(mktemp -d)
	mkdir -p "$work/oci/blobs/sha256"
	tar -C "$fs" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/layer.tar" .
	layer=$(oci_blob "$work/oci" "$work/layer.tar")
	printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(dpkg --print-architecture)" "$settings" "$layer" >"$work/config"
	config=$(oci_blob "$work/oci" "$work/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
		"$config" "$(stat -c %s "$work/config")" "$layer" "$(stat -c %s "$work/layer.tar")" >"$work/manifest"
	manifest=$(oci_blob "$work/oci" "$work/manifest")
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' \
		"$manifest" "$(stat -c %s "$work/manifest")" "$name" "${name##*:}" >"$work/oci/index.json"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
	tar -C "$work/oci" -cf "$out" .
	rm -rf "$work"
}

# oci_blob OCI-DIRECTORY FILE: stores a file under its digest and prints that
oci_blob() {
	local digest
	digest=$(sha256sum "$2" | cut -d' ' -f1)
	cp "$2" "$1/blobs/sha256/$digest"
	echo "$digest"
}

# oci_root DIR: what every image here has besides its programs
oci_root() {
	mkdir -p "$1"/{bin,etc,proc,sys,dev,root,tmp}
	chmod 1777 "$1/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$1/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$1/etc/group"
	printf 'root:*:19000:0:99999:7:::\n' >"$1/etc/shadow"
}

# busybox_archive OUT.tar NAME: busybox and its names, nothing else
busybox_archive() {
	local work name
	work=$(mktemp -d)
	oci_root "$work"
	cp "$(command -v busybox)" "$work/bin/busybox"
	for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "$work/bin/$name"; done
	chmod 755 "$work"
	oci_archive "$work" "$1" "$2" '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"]}'
	rm -rf "$work"
}
