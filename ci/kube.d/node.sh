# This machine as a node: containerd, kubelet, kube-proxy and the fence. And fake ones. Sourced by ci/kube.

ctl() { ctr --address "$run/containerd.sock" --namespace k8s.io "$@"; }

# What the kubelet and we change; br_netfilter, without which policies do not see what stays on the bridge, may be a module.
sysctls=(vm.overcommit_memory kernel.panic kernel.panic_on_oops net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables)

start_containerd() {
	local name
	modprobe -aq br_netfilter overlay 2>/dev/null || true
	for name in "${sysctls[@]}"; do sysctl "$name" 2>/dev/null || true; done >"$data/sysctl.before"
	sysctl -qw net.ipv4.ip_forward=1
	sysctl -qw net.bridge.bridge-nf-call-iptables=1 || fail "this kernel has no br_netfilter"
	mkdir -p "$run/cni"
	cat >"$run/cni/pounce.conflist" <<-JSON
		{ "cniVersion": "0.4.0", "name": "pounce", "plugins": [
		  { "type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true, "ipam": {
		      "type": "host-local", "dataDir": "$run/addresses", "ranges": [[{ "subnet": "$pods" }]], "routes": [{ "dst": "0.0.0.0/0" }] } }] }
	JSON
	# restrict_oom_score_adj: without CAP_SYS_RESOURCE nobody may lower one, and every pod asks for that.
	cat >"$run/containerd.toml" <<-TOML
		version = 2
		root = "$data/containerd"
		state = "$run/containerd"
		[grpc]
		  address = "$run/containerd.sock"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$data/opt"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "registry.local/pause:1"
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		  disable_hugetlb_controller = true
		  tolerate_missing_hugetlb_controller = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$run/cni"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		      Root = "$run/runc"
	TOML
	start containerd --config "$run/containerd.toml"
}

import_images() {
	local work
	within 30 "containerd's answering" ctl version
	busybox_archive "$run/busybox.tar" registry.local/busybox:1
	work=$(mktemp -d)
	oci_root "$work"
	chmod 755 "$work"
	cp "$programs/pause" "$work/pause"
	oci_archive "$work" "$run/pause.tar" registry.local/pause:1 '{"Entrypoint":["/pause"]}'
	rm -rf "$work"
	quietly ctl images import "$run/busybox.tar"
	quietly ctl images import "$run/pause.tar"
	rm "$run/busybox.tar" "$run/pause.tar"
}

start_node() {
	# failCgroupV1: a machine that still has the first version of cgroups is a machine to test on.
	cat >"$run/kubelet.yaml" <<-YAML
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		containerRuntimeEndpoint: unix://$run/containerd.sock
		cgroupDriver: cgroupfs
		failCgroupV1: false
		failSwapOn: false
		oomScoreAdj: 0
		# For a kube-proxy of long ago; nobody would take them away again.
		makeIPTablesUtilChains: false
		maxPods: 200
		address: $address
		healthzBindAddress: 127.0.0.1
		tlsCertFile: $run/pki/kubelet.crt
		tlsPrivateKeyFile: $run/pki/kubelet.key
		authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $run/pki/ca.crt } }
		authorization: { mode: Webhook }
		# Disks of developers are full; and the images here cannot be fetched again.
		imageGCHighThresholdPercent: 100
		imageGCLowThresholdPercent: 99
		evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1% }
		nodeStatusUpdateFrequency: 5s
		syncFrequency: 10s
		podLogsDir: $data/pod-logs
		volumePluginDir: $data/volume-plugins
	YAML
	start kubelet --config="$run/kubelet.yaml" --kubeconfig="$run/kubelet.kubeconfig" --root-dir="$data/kubelet" --cert-dir="$data/kubelet/pki" \
		--hostname-override="$node" --node-ip="$address" ${KUBE_KUBELET_ARGS:-}
	cat >"$run/kube-proxy.yaml" <<-YAML
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		mode: nftables
		clusterCIDR: $pods
		bindAddress: $address
		healthzBindAddress: 127.0.0.1:10256
		metricsBindAddress: 127.0.0.1:10249
		clientConnection: { kubeconfig: $run/kube-proxy.kubeconfig }
		conntrack: { maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
	YAML
	start kube-proxy --config="$run/kube-proxy.yaml" --hostname-override="$node"
	start fence -kubeconfig "$run/kubeconfig"
}

# Nodes that exist for the API server only; kwok says that all is well on them. Pods get there by the selector type=kwok and by
# tolerating kwok.x-k8s.io/node.
start_fake_nodes() { # HOW-MANY
	local n
	runs kwok || start kwok --kubeconfig="$run/kubeconfig" --config="$run/bin/kwok-stages.yaml" --node-ip="$address" --cidr=10.245.0.0/16 \
		--manage-all-nodes=false --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake --node-lease-duration-seconds=40
	for n in $(seq "$1"); do
		cat <<-YAML
			---
			apiVersion: v1
			kind: Node
			metadata:
			  name: kwok-$n
			  annotations: { kwok.x-k8s.io/node: fake, node.alpha.kubernetes.io/ttl: "0" }
			  labels: { type: kwok, kubernetes.io/hostname: kwok-$n, kubernetes.io/os: linux }
			spec: { taints: [{ key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule }] }
			status:
			  allocatable: { cpu: "64", memory: 256Gi, pods: "500" }
			  capacity: { cpu: "64", memory: 256Gi, pods: "500" }
		YAML
	done | kubectl apply -f - >/dev/null
	within 60 "the fake nodes' being ready" kubectl wait --for=condition=Ready node -l type=kwok --timeout=2s
}

# Ends the containers and takes away what node and pods have put into the machine.
stop_node() {
	local each name
	stop fence kube-proxy kubelet
	# Noted while they are known: where a shim listens, and what the network plugins remember of a container
	local left=()
	for each in "$run"/containerd/io.containerd.runtime.v2.task/k8s.io/*/; do
		name=$(basename "$each")
		left+=("/var/lib/cni/results/pounce-$name-eth0" "/var/lib/cni/results/cni-loopback-$name-lo" "$(sed 's,^unix://,,' "$each/address" 2>/dev/null)")
	done
	if runs containerd; then
		for each in $(ctl tasks list -q 2>/dev/null); do
			{ ctl tasks delete --force "$each" || true; } >/dev/null 2>&1 &
		done
		wait
	fi
	stop containerd
	# A shim outlives its containerd, to keep its container; those of ours have no more to keep.
	for each in $(pgrep -f "containerd-shim-runc-v2 -namespace k8s.io .*-address $run/containerd.sock" || true); do kill -9 "$each" 2>/dev/null || true; done
	for each in $(in_pods); do kill -9 "$each" 2>/dev/null || true; done
	for name in $(ip netns list 2>/dev/null | awk '/^cni-/ {print $1}'); do ip netns delete "$name" || true; done
	for each in $(awk -v run="$run/" -v data="$data/" 'index($2, run) == 1 || index($2, data) == 1 {print $2}' /proc/mounts | sort -r); do
		umount -l "$each" || true
	done
	ip link delete "$bridge" 2>/dev/null || true
	for name in 'ip kube-proxy' 'ip6 kube-proxy' 'inet pounce-fence'; do nft delete table $name 2>/dev/null || true; done
	find /sys/fs/cgroup -depth -type d \( -path '*/kubepods*' -o -path '/sys/fs/cgroup/*/k8s.io*' \) -exec rmdir {} \; 2>/dev/null || true
	for each in "${left[@]}" /var/lib/kubelet/device-plugins/kubelet.sock; do [ -z "$each" ] || rm -f "$each"; done
	rmdir --ignore-fail-on-non-empty -p /var/lib/kubelet/device-plugins /var/lib/cni/results 2>/dev/null || true
	find /var/log/containers -lname "$data/*" -delete 2>/dev/null || true
	[ ! -s "$data/sysctl.before" ] || sysctl -qp "$data/sysctl.before" >/dev/null
}

# What a node could leave behind, one thing a line: the same before "up" and after "down".
traces() {
	local name
	need iproute2 nftables procps >&2
	awk '$2 ~ /kube|netns/ {print "mount", $2}' /proc/mounts | sort
	ip -o address | awk '{print "address", $2, $4}' | grep -v ' veth.* fe80:' | sort
	ip -o link | awk '{sub(/@.*/, "", $2); print "link", $2}' | sort
	ip route | sed 's/^/route /'
	for name in $(ip netns list 2>/dev/null | awk '{print $1}'); do echo "netns $name"; done
	nft list tables
	find /sys/fs/cgroup -type d \( -name '*kube*' -o -name 'k8s.io*' \) -printf 'cgroup %p\n' | sort
	for name in "${sysctls[@]}"; do sysctl "$name" 2>/dev/null || true; done
	# Most of these places are not there, and mostly nothing of it runs.
	{ find /run/containerd /run/netns /run/pounce-kube /var/lib/cni /var/lib/pounce-kube /var/lib/kubelet /var/log/containers /var/log/pods /opt/cni /opt/containerd \
		-mindepth 1 -maxdepth 3 -not -path '/run/containerd/fifo*' -printf 'file %p\n' 2>/dev/null || true; } | sort
	ps -e -o stat=,comm= | awk '$1 !~ /^Z/ && $2 ~ /^(containerd|kube|etcd|kwok|fence|pause)/ {print "process", $2}' | sort
}
