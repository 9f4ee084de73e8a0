package dev.pounce.asset;

/** One machine, by the name it has in the cluster, or its host name. */
public record NodeRef(String name) implements Asset {
    @Override
    public String display() {
        return "node/" + name;
    }
}
