package dev.pounce.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** A certificate that signs itself, made by the JDK's own keytool, with its key. */
public final class ACertificate {

    private static final char[] PASSWORD = "of a test".toCharArray();
    private static final String NAME = "one";

    private final String chain;
    private final String key;
    private final SSLContext trust;
    private final KeyStore store;

    private ACertificate(String chain, String key, SSLContext trust, KeyStore store) {
        this.chain = chain;
        this.key = key;
        this.trust = trust;
        this.store = store;
    }

    /** @param names as keytool writes them: {@code ip:127.0.0.1,dns:localhost} */
    public static ACertificate of(String names) {
        try {
            Path folder = Files.createTempDirectory("pounce-certificate");
            Path file = folder.resolve("store.p12");
            try {
                make(file, names);
                return read(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
        } catch (IOException | GeneralSecurityException broken) {
            throw new AssertionError(broken);
        }
    }

    private static void make(Path file, String names) throws IOException {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        NAME,
                        "-dname",
                        "CN=test",
                        "-ext",
                        "san=" + names,
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
        try {
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool: " + said);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException(stopped);
        }
    }

    private static ACertificate read(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream content = Files.newInputStream(file)) {
            store.load(content, PASSWORD);
        }
        Certificate certificate = store.getCertificate(NAME);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusting(certificate), null);
        return new ACertificate(
                pem("CERTIFICATE", certificate.getEncoded()),
                pem("PRIVATE KEY", store.getKey(NAME, PASSWORD).getEncoded()),
                context,
                store);
    }

    private static TrustManager[] trusting(Certificate certificate) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(NAME, certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust.getTrustManagers();
    }

    private static String pem(String what, byte[] content) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
                + "\n-----END " + what + "-----\n";
    }

    /** PEM. */
    public String chain() {
        return chain;
    }

    /** For a client that trusts this one and no other. */
    public SSLContext trust() {
        return trust;
    }

    /** For a client that trusts that one and no other, and shows this one to whoever asks. */
    public SSLContext shownTo(ACertificate server) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trusting(server.store.getCertificate(NAME)), null);
            return context;
        } catch (IOException | GeneralSecurityException broken) {
            throw new AssertionError(broken);
        }
    }

    /** Writes {@code tls.crt} and {@code tls.key}. */
    public void into(Path folder) {
        try {
            Files.writeString(folder.resolve("tls.crt"), chain);
            Files.writeString(folder.resolve("tls.key"), key);
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }
}
