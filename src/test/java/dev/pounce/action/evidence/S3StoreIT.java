package dev.pounce.action.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.Web;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server of another's that compares every signature and hash. */
class S3StoreIT {

    @RegisterExtension
    static final RealStore S3 = RealStore.s3();

    private static final Clock CLOCK = Clock.systemUTC();
    private static final Web WEB = new Web("test", CLOCK);

    @AfterAll
    static void close() {
        WEB.close();
    }

    private static S3Store store(String secret) {
        Map<String, String> env = Map.of(
                "AWS_ENDPOINT_URL_S3",
                S3.address(),
                "AWS_REGION",
                "us-east-1",
                "AWS_ACCESS_KEY_ID",
                RealStore.ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY",
                secret);
        return new S3Store(
                RealStore.BUCKET,
                "cluster one/",
                new AwsAccess(env::get, Path.of("/nonexistent"), WEB, CLOCK),
                WEB,
                CLOCK);
    }

    private static Instant soon() {
        return CLOCK.instant().plus(Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000, Parts.SIZE, Parts.SIZE + 1, 2 * Parts.SIZE, 2 * Parts.SIZE + 12_345})
    void whatIsWrittenIsThereAsItWasInOnePieceOrInParts(int length) throws IOException {
        byte[] bytes = Bytes.any(length);
        S3Store store = store(RealStore.SECRET_KEY);
        String key = "a/b/of " + length + "~$&+é.bin";

        // When
        try (EvidenceStore.Upload upload = store.begin(key, "application/octet-stream", soon())) {
            for (int at = 0; at < length; at += 70_000) {
                upload.write(bytes, at, Math.min(70_000, length - at));
            }
            upload.finish();
        }

        // Then
        assertThat(S3.objects()).containsKey("cluster one/" + key);
        assertThat(S3.objects().get("cluster one/" + key)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, Parts.SIZE + 10})
    void whatIsThereAlreadyIsNotWrittenOver(int length) throws IOException {
        // Given
        S3Store store = store(RealStore.SECRET_KEY);
        String key = "twice/" + length;
        write(store, key, new byte[] {1});

        // When / Then
        assertThatThrownBy(() -> write(store, key, Bytes.any(length))).hasMessageContaining("there already");
        assertThat(S3.objects().get("cluster one/" + key)).containsExactly(1);
    }

    @Test
    void aWrongSecretIsRefusedAndSaid() {
        assertThatThrownBy(() -> write(store("another"), "wrong/secret", new byte[] {1}))
                .hasMessageContaining("SignatureDoesNotMatch");
        assertThat(store("another").readiness(soon()))
                .isInstanceOfSatisfying(EvidenceStore.Readiness.Unusable.class, unusable -> assertThat(unusable.why())
                        .contains("SignatureDoesNotMatch"));
        assertThat(S3.objects()).doesNotContainKey("cluster one/wrong/secret");
    }

    @Test
    void theBucketIsFoundReadyByLookingAlone() {
        Map<String, byte[]> before = S3.objects();

        // When / Then
        assertThat(store(RealStore.SECRET_KEY).readiness(soon())).isEqualTo(new EvidenceStore.Readiness.Ready());
        assertThat(S3.objects().keySet()).isEqualTo(before.keySet());
    }

    @Test
    void anUploadThatIsGivenUpLeavesNothing() throws IOException {
        S3Store store = store(RealStore.SECRET_KEY);

        // When
        try (EvidenceStore.Upload upload = store.begin("given/up", "text/plain", soon())) {
            upload.write(Bytes.any(2 * Parts.SIZE));
        }

        // Then
        assertThat(S3.objects().keySet())
                .noneMatch(name -> name.contains("given/up"))
                .noneMatch(name -> name.contains("multipart"));
    }

    private static void write(S3Store store, String key, byte[] bytes) throws IOException {
        try (EvidenceStore.Upload upload = store.begin(key, "application/octet-stream", soon())) {
            upload.write(bytes);
            upload.finish();
        }
    }
}
