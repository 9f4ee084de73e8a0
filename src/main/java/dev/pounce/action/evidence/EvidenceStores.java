package dev.pounce.action.evidence;

import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import java.net.URI;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;

/** Finds the store that a step names. */
public final class EvidenceStores {

    private final Path own;
    private final AwsAccess aws;
    private final GoogleAccess google;
    private final Web web;
    private final InstantSource clock;

    /** @param own where evidence is kept of steps that name no store; made when it is needed */
    public EvidenceStores(Path own, AwsAccess aws, GoogleAccess google, Web web, InstantSource clock) {
        this.own = own;
        this.aws = aws;
        this.google = google;
        this.web = web;
        this.clock = clock;
    }

    /**
     * @param uri as {@code to} of the evidence steps has it
     * @throws IllegalArgumentException with words for a person
     */
    public EvidenceStore named(Optional<String> uri) {
        if (uri.isEmpty()) {
            return new FolderStore(own);
        }
        String text = uri.get();
        if (text.startsWith("file:")) {
            URI file = URI.create(text);
            if (file.getPath() == null || file.getAuthority() != null) {
                throw new IllegalArgumentException("'" + text + "' names no folder");
            }
            return new FolderStore(Path.of(file.getPath()));
        }
        String path = text.substring(text.indexOf("://") + 3);
        int slash = path.indexOf('/');
        String bucket = slash < 0 ? path : path.substring(0, slash);
        String prefix = slash < 0 ? "" : path.substring(slash + 1).replaceAll("/+$", "");
        if (!bucket.matches("[a-z0-9][-a-z0-9._]{1,220}[a-z0-9]")) {
            throw new IllegalArgumentException("'" + bucket + "' is not the name of a bucket");
        }
        String folder = prefix.isEmpty() ? "" : prefix + "/";
        return text.startsWith("s3://")
                ? new S3Store(bucket, folder, aws, web, clock)
                : new GoogleStore(bucket, folder, google, web, clock);
    }
}
