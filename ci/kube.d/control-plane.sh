# etcd, the API server and those that keep its promises. Sourced by ci/kube.

# Clients and servers know each other by certificates of an authority of our own.
certificates() {
	local pki=$run/pki
	mkdir -p "$pki"
	chmod 700 "$pki"
	# Without openssl's default file, which would make an authority of every certificate.
	printf '[req]\ndistinguished_name=name\n[name]\n' >"$pki/openssl.cnf"
	local new=(openssl req -config "$pki/openssl.cnf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650)
	quietly "${new[@]}" -subj /CN=pounce-kube -keyout "$pki/ca.key" -out "$pki/ca.crt" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	issue() { # FILE SUBJECT [NAMES]
		quietly "${new[@]}" -subj "$2" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -keyout "$pki/$1.key" -out "$pki/$1.crt" \
			-addext keyUsage=critical,digitalSignature,keyEncipherment -addext extendedKeyUsage=clientAuth,serverAuth \
			${3:+-addext "subjectAltName=$3"}
	}
	issue apiserver /CN=kube-apiserver "IP:$address,IP:127.0.0.1,IP:$service_address,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
	issue to-kubelet /O=system:masters/CN=apiserver-to-kubelet
	issue kubelet "/O=system:nodes/CN=system:node:$node" "IP:$address,DNS:$node"
	issue admin /O=system:masters/CN=admin
	issue kube-controller-manager /CN=system:kube-controller-manager
	issue kube-scheduler /CN=system:kube-scheduler
	issue kube-proxy /CN=system:kube-proxy
	quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$pki/accounts.key"
	openssl pkey -in "$pki/accounts.key" -pubout >"$pki/accounts.pub"

	local who
	for who in kubelet kube-controller-manager kube-scheduler kube-proxy; do kubeconfig $who >"$run/$who.kubeconfig"; done
	kubeconfig admin >"$run/kubeconfig"
	chmod 600 "$run"/*kubeconfig
}

# With the certificates inside, so that it can be copied.
kubeconfig() { # WHO [FILE-OF-THE-SERVER'S-URL]
	cat <<-YAML
		apiVersion: v1
		kind: Config
		clusters: [{ name: pounce, cluster: { server: "https://$address:6443", certificate-authority-data: $(base64 -w0 <"$run/pki/ca.crt") } }]
		users: [{ name: $1, user: { client-certificate-data: $(base64 -w0 <"$run/pki/$1.crt"), client-key-data: $(base64 -w0 <"$run/pki/$1.key") } }]
		contexts: [{ name: pounce, context: { cluster: pounce, user: $1 } }]
		current-context: pounce
	YAML
}

start_control_plane() {
	local pki=$run/pki audit=()
	# On lo: pods reach it by their gateway, and no other machine does. Kernels without dummy links have this, too.
	ip address replace "$address/32" dev lo
	certificates
	# A store to be thrown away need not survive a power cut.
	start etcd --name pounce --data-dir "$data/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster pounce=http://127.0.0.1:2380
	if [ -n "${KUBE_AUDIT_URL:-}" ]; then
		cat >"$run/audit.kubeconfig" <<-YAML
			apiVersion: v1
			kind: Config
			clusters: [{ name: sink, cluster: { server: "$KUBE_AUDIT_URL" } }]
			contexts: [{ name: sink, context: { cluster: sink, user: "" } }]
			current-context: sink
		YAML
		audit=(--audit-policy-file="${KUBE_AUDIT_POLICY:-$parts/audit-policy.yaml}" --audit-webhook-config-file="$run/audit.kubeconfig"
			--audit-webhook-mode=batch --audit-webhook-batch-max-wait=200ms --audit-webhook-initial-backoff=500ms)
	fi
	start kube-apiserver --etcd-servers=http://127.0.0.1:2379 --bind-address="$address" --advertise-address="$address" --secure-port=6443 \
		--client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
		--kubelet-client-certificate="$pki/to-kubelet.crt" --kubelet-client-key="$pki/to-kubelet.key" --kubelet-preferred-address-types=InternalIP \
		--service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/accounts.pub" --service-account-signing-key-file="$pki/accounts.key" \
		--service-cluster-ip-range="$services" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
		--allow-privileged=true --profiling=false "${audit[@]}" ${KUBE_APISERVER_ARGS:-}
	# Not before it is ready: the controller manager ends when the roles that it needs are not there yet.
	within 120 "the API server's being ready" kubectl get --raw /readyz

	# Several controllers' usual 20 requests a second make a test of a thousand pods one of patience.
	local shared=(--bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=300 --kube-api-burst=600 --profiling=false)
	start kube-controller-manager "${shared[@]}" --kubeconfig="$run/kube-controller-manager.kubeconfig" \
		--authentication-kubeconfig="$run/kube-controller-manager.kubeconfig" --authorization-kubeconfig="$run/kube-controller-manager.kubeconfig" \
		--use-service-account-credentials=true --service-account-private-key-file="$pki/accounts.key" --root-ca-file="$pki/ca.crt" \
		--cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" --service-cluster-ip-range="$services" ${KUBE_CONTROLLERS_ARGS:-}
	start kube-scheduler "${shared[@]}" --kubeconfig="$run/kube-scheduler.kubeconfig" \
		--authentication-kubeconfig="$run/kube-scheduler.kubeconfig" --authorization-kubeconfig="$run/kube-scheduler.kubeconfig"
}
