package dev.pounce.asset;

/**
 * Something outside that is called rather than changed.
 *
 * @param name how it is addressed: a URL, or a function's name with its provider
 */
public record EndpointRef(String name) implements Asset {
    @Override
    public String display() {
        return "endpoint/" + name;
    }
}
