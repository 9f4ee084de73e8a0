package dev.pounce.intake;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where alerts are taken from, and from whom.
 *
 * @param address resolved; port 0 for any that is free
 * @param authenticated whether each request must carry the token
 * @param tls empty for plain HTTP
 */
public record Listening(InetSocketAddress address, boolean authenticated, Optional<Tls> tls) {

    /**
     * PEM files.
     *
     * @param clients authorities of which each client must show a certificate; empty when none has to show any
     */
    public record Tls(Path certificate, Path key, Optional<Path> clients) {

        public Tls(Path certificate, Path key) {
            this(certificate, key, Optional.empty());
        }
    }

    public Listening {
        boolean loopback = address.getAddress() != null && address.getAddress().isLoopbackAddress();
        if (!loopback && (!authenticated || tls.isEmpty())) {
            throw new IllegalArgumentException(address + " can be reached from outside: expected a token and TLS");
        }
    }
}
