package dev.pounce.planning.talon;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where Talon puts artifacts. */
enum Target {
    LOCAL_FILE("local:file", "file", Parameter.text("destination").required()),
    MINIO_S3("minio:s3", "s3", Parameter.text("bucket").required(), Parameter.text("prefix")),
    AWS_S3("aws:s3", "s3", Parameter.text("bucket").required(), Parameter.text("prefix"), Parameter.text("region")),
    GCP_GCS("gcp:gcs", "gs", Parameter.text("bucket").required(), Parameter.text("prefix"));

    private final String word;
    private final String scheme;

    @SuppressWarnings("ImmutableEnumChecker") // from List.of
    private final List<Parameter> parameters;

    Target(String word, String scheme, Parameter... parameters) {
        this.word = word;
        this.scheme = scheme;
        this.parameters = List.of(parameters);
    }

    String word() {
        return word;
    }

    String scheme() {
        return scheme;
    }

    List<Parameter> parameters() {
        return parameters;
    }

    static Optional<Target> named(String word) {
        return Stream.of(values()).filter(one -> one.word.equals(word)).findFirst();
    }

    static List<String> words() {
        return Stream.of(values()).map(Target::word).toList();
    }
}
