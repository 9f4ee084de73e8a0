package dev.pounce.action.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is being kept: hashed while it goes to the store, cut off at its limit, and described beside it once it is
 * there. Nothing is written before its first byte. What is read is used up when the limit is passed: then a write fails with
 * {@link Full}.
 *
 * <p>For one thread at a time.
 */
final class Item extends OutputStream {

    /** The limit was reached, and there is more. */
    static final class Full extends IOException {
        private static final long serialVersionUID = 1;

        Full() {
            super("its limit was reached");
        }
    }

    /**
     * What was kept.
     *
     * @param uri where
     * @param cut why it is not the whole; empty when it is
     */
    record Kept(String uri, String name, long bytes, String sha256, Optional<String> cut) {

        /** For an outcome. */
        String display() {
            return name + " (" + bytes + " bytes, sha256 " + sha256
                    + cut.map(why -> ", cut off: " + why).orElse("") + ")";
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final EvidenceStore store;
    private final String key;
    private final String contentType;
    private final ObjectNode description;
    private final long limit;
    private final InstantSource clock;
    private final Instant deadline;
    private final MessageDigest digest = sha256();
    private EvidenceStore.@Nullable Upload upload;
    private EvidenceStore.@Nullable Trouble trouble;
    private long bytes;
    private boolean full;

    /**
     * @param key the name in the store
     * @param description what it is and of whom, for what stands beside it
     * @param limit the most bytes of it
     * @param deadline of the store's part in it
     */
    Item(
            EvidenceStore store,
            String key,
            String contentType,
            ObjectNode description,
            long limit,
            InstantSource clock,
            Instant deadline) {
        this.store = store;
        this.key = key;
        this.contentType = contentType;
        this.description = description;
        this.limit = limit;
        this.clock = clock;
        this.deadline = deadline;
        description.put("started", clock.instant().toString());
    }

    /** @throws Full when there is more than the limit, once as much as that was kept */
    @Override
    public void write(byte[] source, int from, int length) throws IOException {
        if (full) {
            throw new Full();
        }
        int taken = (int) Math.min(length, limit - bytes);
        try {
            if (upload == null) {
                upload = store.begin(key, contentType, deadline);
            }
            upload.write(source, from, taken);
        } catch (EvidenceStore.Trouble refused) {
            trouble = refused;
            throw refused;
        }
        digest.update(source, from, taken);
        bytes += taken;
        if (taken < length) {
            full = true;
            throw new Full();
        }
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    long bytes() {
        return bytes;
    }

    boolean isFull() {
        return full;
    }

    /** What the store had against it, if it had. */
    Optional<EvidenceStore.Trouble> trouble() {
        return Optional.ofNullable(trouble);
    }

    /**
     * Makes it durable, and then what describes it; so nothing with a description is half there.
     *
     * @param cut why it is not the whole; empty when it is
     * @param more to be said of it, by name
     */
    Kept keep(Optional<String> cut, Map<String, String> more) throws EvidenceStore.Trouble {
        try {
            if (upload == null) {
                upload = store.begin(key, contentType, deadline);
            }
            upload.finish();
        } finally {
            close();
        }
        Optional<String> why = full ? Optional.of("at its limit") : cut;
        Kept kept = new Kept(
                store.at(key),
                key.substring(key.lastIndexOf('/') + 1),
                bytes,
                HexFormat.of().formatHex(digest.digest()),
                why);
        description.put("ended", clock.instant().toString());
        description.put("bytes", bytes);
        description.put("sha256", kept.sha256());
        description.put("truncated", why.isPresent());
        why.ifPresent(said -> description.put("truncatedBecause", said));
        more.forEach(description::put);
        byte[] text = (description.toPrettyString() + "\n").getBytes(UTF_8);
        try (EvidenceStore.Upload manifest = store.begin(key + ".json", "application/json", deadline)) {
            manifest.write(text, 0, text.length);
            manifest.finish();
        } catch (EvidenceStore.Trouble refused) {
            throw refused;
        } catch (IOException failed) {
            throw new EvidenceStore.Trouble(failed.toString(), true);
        }
        return kept;
    }

    /** Gives up what is not kept. */
    @Override
    public void close() {
        if (upload != null) {
            upload.close();
        }
    }

    static ObjectNode description() {
        return JSON.createObjectNode();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
