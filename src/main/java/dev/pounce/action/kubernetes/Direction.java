package dev.pounce.action.kubernetes;

/** Of traffic, as a pod sees it. */
enum Direction {
    INGRESS("Ingress", "ingress", "from", "in from"),
    EGRESS("Egress", "egress", "to", "out to");

    /** In {@code policyTypes}. */
    final String type;

    /** The key of a policy's rules. */
    final String rules;

    /** The key of a rule's peers. */
    final String peers;

    /** For a person: lets … in from, lets … out to. */
    final String words;

    Direction(String type, String rules, String peers, String words) {
        this.type = type;
        this.rules = rules;
        this.peers = peers;
        this.words = words;
    }
}
