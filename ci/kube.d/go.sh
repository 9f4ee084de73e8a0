# The Go that the cluster's components are built with, and the build. Sourced by ci/kube.

go_oldest=1.26 # what the newer of the two modules asks for
go_ours=1.26.8
# The Go module proxy serves whole toolchains as modules; their checksums, which never change, as sum.golang.org vouched for them.
declare -A go_sums=(
	[amd64]=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
	[arm64]=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
)

# Its own version, not that of one which it would fetch for a module
go_version() { (cd / && GOTOOLCHAIN=local "$1" version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p'); }
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }

find_go() {
	local candidate
	for candidate in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go "$HOME"/sdk/go*/bin/go "$cache"/go/*/bin/go; do
		[ -x "$candidate" ] && at_least $go_oldest "$(go_version "$candidate")" && echo "$candidate" && return 0
	done
	return 1
}

# The first proxy of GOPROXY, from where a go would take it: the environment, its settings file, its default.
go_proxy() {
	local list
	list=${GOPROXY:-$(sed -n 's/^GOPROXY=//p' "${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}" 2>/dev/null || true)}
	tr ',|' '\n\n' <<<"${list:-https://proxy.golang.org}" | grep -m1 '^https\?://' || echo https://proxy.golang.org
}

install_go() {
	local machine version archive unpacked
	machine=$(dpkg --print-architecture)
	[ -n "${go_sums[$machine]:-}" ] || fail "no Go $go_oldest for $machine is known; install one as /usr/local/go"
	version=v0.0.1-go$go_ours.linux-$machine
	need ca-certificates curl unzip
	say "downloading Go $go_ours (70 MB)"
	unpacked=$(mktemp -d)
	archive=$unpacked/go.zip
	quietly curl -fsSL --retry 3 -o "$archive" "$(go_proxy)/golang.org/toolchain/@v/$version.zip"
	echo "${go_sums[$machine]}  $archive" | sha256sum -c --quiet || fail "Go's archive does not have the checksum that it should have"
	unzip -q "$archive" -d "$unpacked"
	# Archives of modules carry no permissions.
	chmod -R a+x "$unpacked/golang.org/toolchain@$version"/{bin,pkg/tool}
	rm -rf "$cache/go/$go_ours"
	mkdir -p "$cache/go"
	mv "$unpacked/golang.org/toolchain@$version" "$cache/go/$go_ours"
	rm -rf "$unpacked"
}

use_go() {
	local found
	found=$(find_go) || {
		install_go
		found=$(find_go) || fail "no Go $go_oldest was found after installing one"
	}
	PATH=$(dirname "$found"):$PATH
	export PATH GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='-buildvcs=false -trimpath'
}

# What the programs are made from, the compiler included: another of any of it, another directory.
programs_key() {
	(
		cd "$parts"
		find components kwok go.sh pause.c -type f | LC_ALL=C sort | xargs sha256sum
		go version
	) | sha256sum | cut -c1-16
}

# Runs a command of go and tells every 15 s how far it is: lines of its log so far, and of how many where that is known.
toldly() { # WORDS LINES-WANTED LOG COMMAND...
	local words=$1 wanted=$2 log=$3 working next
	shift 3
	nice -n 10 "$@" >"$log.out" 2>"$log" &
	working=$!
	next=$(($(date +%s) + 15))
	while kill -0 $working 2>/dev/null; do
		sleep 0.5
		[ "$(date +%s)" -lt $next ] || {
			say "  $words: $(wc -l <"$log")${wanted:+ of $wanted}"
			next=$((next + 15))
		}
	done
	wait $working || {
		tail -30 "$log" >&2
		fail "this failed: $*"
	}
}

build_module() { # WHAT MODULE FLAGS PACKAGE...
	local what=$1 module=$2 flags=$3 log
	shift 3
	log=$(mktemp)
	say "building $what"
	cd "$parts/$module"
	toldly "modules fetched" '' "$log" go list -deps "$@"
	# Packages that an earlier build left in Go's own cache are not compiled, and not counted.
	toldly "packages compiled" "$(wc -l <"$log.out") or fewer" "$log" go build -v -ldflags "-s -w $flags" -o "$making/" "$@"
	cd "$root"
	rm -f "$log" "$log.out"
}

kubernetes=$(sed -n 's/^require k8s.io\/kubernetes v//p' "$parts/components/go.mod")
kwok=$(sed -n 's/^require sigs.k8s.io\/kwok v//p' "$parts/kwok/go.mod")

# Leaves the programs in $programs, building them when they are not there.
use_programs() {
	local making stamp minor name stages
	use_go
	programs=$cache/kube/$(programs_key)
	if [ -f "$programs/.complete" ]; then
		touch "$programs/.complete"
		return
	fi
	say "the cluster's programs are made once, from Go modules: about 10 minutes on two cores, 1.5 GB of downloads"
	need gcc libc6-dev
	rm -rf "$cache"/kube/making-* # of one that was interrupted
	mkdir -p "$cache/kube"
	making=$(mktemp -d "$cache/kube/making-XXXXXX")
	# Without a version and a date, kubectl version fails and clients do not know whom they talk to.
	stamp=k8s.io/component-base/version minor=${kubernetes#*.}
	build_module "Kubernetes $kubernetes, etcd and helm" components \
		"-X $stamp.gitVersion=v$kubernetes -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%.*} -X $stamp.gitTreeState=clean -X $stamp.gitCommit=module -X $stamp.buildDate=2026-01-01T00:00:00Z" \
		. helm.sh/helm/v3/cmd/helm
	for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl fence; do
		ln -s kube "$making/$name"
	done
	build_module "kwok $kwok" kwok "-X sigs.k8s.io/kwok/pkg/consts.Version=v$kwok" sigs.k8s.io/kwok/cmd/kwok
	stages=$(cd "$parts/kwok" && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
	for name in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
		pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete; do
		echo ---
		cat "$stages/$name.yaml"
	done >"$making/kwok-stages.yaml"
	gcc -static -O2 -s -o "$making/pause" "$parts/pause.c"
	touch "$making/.complete"
	chmod 755 "$making"
	rm -rf "$programs"
	mv "$making" "$programs"
	# Those of other versions, once nothing has used them for two weeks
	find "$cache/kube" -mindepth 2 -maxdepth 2 -name .complete -mtime +14 -printf '%h\0' | xargs -0r rm -rf
	say "built: $programs"
}
