package fence

import (
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// world is what rules are made from, at one moment.
type world struct {
	pods       []*corev1.Pod
	namespaces map[string]labels.Set
	policies   []*netv1.NetworkPolicy
}

// direction tells traffic to a pod from traffic of a pod, seen from the pod that a policy selects.
type direction struct {
	kind netv1.PolicyType
	name string // of chains and of the map that leads to them
	own  string // the field of a packet that holds the pod's address
	peer string // and the one that holds the other's
}

var (
	ingress = direction{netv1.PolicyTypeIngress, "to", "daddr", "saddr"}
	egress  = direction{netv1.PolicyTypeEgress, "from", "saddr", "daddr"}
)

// rules writes the whole table. A pod that some policy selects for a direction has a chain for it, which returns for what any of
// these policies allows and drops the rest; an address leads to its chain by a map.
//
// What a pod sends to the machine itself passes the input hook. What the machine sends to pods is let through, so that the
// kubelet can probe them: other enforcers do so, too.
func (w world) rules() string {
	sort.Slice(w.pods, func(i, j int) bool { return key(w.pods[i]) < key(w.pods[j]) })
	sort.Slice(w.policies, func(i, j int) bool { return key(w.policies[i]) < key(w.policies[j]) })
	// An address that was given to a new pod while the old one is still being deleted is the new one's.
	holders := map[string]*corev1.Pod{}
	for _, pod := range w.pods {
		if holder := holders[pod.Status.PodIP]; holder == nil || holder.CreationTimestamp.Before(&pod.CreationTimestamp) {
			holders[pod.Status.PodIP] = pod
		}
	}
	var chains, maps strings.Builder
	for _, dir := range []direction{ingress, egress} {
		var doors []string
		for n, pod := range w.pods {
			if !onNetwork(pod) || holders[pod.Status.PodIP] != pod {
				continue
			}
			allowed, selected := w.allowed(pod, dir)
			if !selected {
				continue
			}
			chain := fmt.Sprintf("%s-%d", dir.name, n)
			fmt.Fprintf(&chains, "  chain %s { comment \"%s\"\n%s    counter drop\n  }\n", chain, key(pod), allowed)
			doors = append(doors, pod.Status.PodIP+" : jump "+chain)
		}
		fmt.Fprintf(&maps, "  map %s { type ipv4_addr : verdict\n", dir.name)
		if len(doors) > 0 {
			fmt.Fprintf(&maps, "    elements = { %s }\n", strings.Join(doors, ", "))
		}
		maps.WriteString("  }\n")
	}
	// Added first, so that it is there to be deleted.
	return "add table inet " + table + "\ndelete table inet " + table + "\ntable inet " + table + " {\n" + chains.String() + maps.String() +
		`  chain forward { type filter hook forward priority -5; policy accept;
    ct state established,related accept
    ip saddr vmap @from
    ip daddr vmap @to
  }
  chain input { type filter hook input priority -5; policy accept;
    ct state established,related accept
    ip saddr vmap @from
  }
}
`
}

// allowed writes what the policies of one pod let through, and says whether there is any policy at all.
func (w world) allowed(pod *corev1.Pod, dir direction) (rules string, selected bool) {
	var text strings.Builder
	for _, policy := range w.policies {
		if policy.Namespace != pod.Namespace || !matches(&policy.Spec.PodSelector, pod.Labels) || !covers(policy, dir.kind) {
			continue
		}
		selected = true
		if dir.kind == netv1.PolicyTypeIngress {
			for _, rule := range policy.Spec.Ingress {
				w.permit(&text, dir, pod, rule.From, rule.Ports)
			}
		} else {
			for _, rule := range policy.Spec.Egress {
				w.permit(&text, dir, pod, rule.To, rule.Ports)
			}
		}
	}
	return text.String(), selected
}

// permit writes one rule of a policy: any of these peers, at any of these ports.
func (w world) permit(text *strings.Builder, dir direction, pod *corev1.Pod, peers []netv1.NetworkPolicyPeer, ports []netv1.NetworkPolicyPort) {
	whom, where := []string{""}, []string{""}
	if len(peers) > 0 {
		whom = nil
	}
	if len(ports) > 0 {
		where = nil
	}
	for _, peer := range peers {
		if match := w.peer(dir, pod.Namespace, peer); match != "" {
			whom = append(whom, match)
		}
	}
	for _, port := range ports {
		if dir.kind == netv1.PolicyTypeIngress {
			where = append(where, portMatches(port, []*corev1.Pod{pod})...)
		} else {
			where = append(where, portMatches(port, w.pods)...)
		}
	}
	for _, from := range whom {
		for _, at := range where {
			fmt.Fprintf(text, "    %s%sreturn\n", from, at)
		}
	}
}

// peer is empty for one that nothing matches at the moment. Addresses of version 6 are none that a pod here could have.
func (w world) peer(dir direction, home string, peer netv1.NetworkPolicyPeer) string {
	field := "ip " + dir.peer
	if block := peer.IPBlock; block != nil {
		if strings.Contains(block.CIDR, ":") {
			return ""
		}
		match := field + " " + block.CIDR + " "
		if len(block.Except) > 0 {
			match += field + " != { " + strings.Join(block.Except, ", ") + " } "
		}
		return match
	}
	var addresses []string
	for _, other := range w.pods {
		near := other.Namespace == home
		if peer.NamespaceSelector != nil {
			near = matches(peer.NamespaceSelector, w.namespaces[other.Namespace])
		}
		if near && onNetwork(other) && (peer.PodSelector == nil || matches(peer.PodSelector, other.Labels)) {
			addresses = append(addresses, other.Status.PodIP)
		}
	}
	if len(addresses) == 0 {
		return ""
	}
	return field + " { " + strings.Join(addresses, ", ") + " } "
}

// portMatches may be several, or none: a name means another number in each of the pods that traffic goes to.
func portMatches(port netv1.NetworkPolicyPort, receivers []*corev1.Pod) []string {
	protocol := corev1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	proto := strings.ToLower(string(protocol))
	switch {
	case port.Port == nil:
		return []string{"meta l4proto " + proto + " "}
	case port.Port.StrVal == "" && port.EndPort != nil:
		return []string{fmt.Sprintf("%s dport %d-%d ", proto, port.Port.IntVal, *port.EndPort)}
	case port.Port.StrVal == "":
		return []string{fmt.Sprintf("%s dport %d ", proto, port.Port.IntVal)}
	}
	var found []string
	for _, pod := range receivers {
		if !onNetwork(pod) {
			continue
		}
		for _, container := range pod.Spec.Containers {
			for _, named := range container.Ports {
				if named.Name == port.Port.StrVal && named.Protocol == protocol {
					found = append(found, fmt.Sprintf("ip daddr %s %s dport %d ", pod.Status.PodIP, proto, named.ContainerPort))
				}
			}
		}
	}
	return found
}

func covers(policy *netv1.NetworkPolicy, kind netv1.PolicyType) bool {
	for _, covered := range policy.Spec.PolicyTypes {
		if covered == kind {
			return true
		}
	}
	return false
}

// onNetwork: has an address of its own, and still uses it.
func onNetwork(pod *corev1.Pod) bool {
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

// matches: the API server has accepted the selector, so it is one.
func matches(selector *metav1.LabelSelector, set labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(set)
}

func key(object metav1.Object) string {
	return object.GetNamespace() + "/" + object.GetName()
}
