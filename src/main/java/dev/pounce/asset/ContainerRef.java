package dev.pounce.asset;

/**
 * One container on one node.
 *
 * @param id the runtime's full id, 64 hexadecimal digits with most runtimes
 */
public record ContainerRef(NodeRef node, String id) implements Asset {

    /** The first twelve characters: what Falco prints as {@code container.id}. */
    public String shortId() {
        return id.length() <= 12 ? id : id.substring(0, 12);
    }

    @Override
    public String display() {
        return "container/" + shortId();
    }
}
