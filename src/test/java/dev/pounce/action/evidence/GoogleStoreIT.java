package dev.pounce.action.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a stand-in for Google Cloud Storage, which asks for no token. */
class GoogleStoreIT {

    @RegisterExtension
    static final RealStore GOOGLE = RealStore.google();

    private static final Clock CLOCK = Clock.systemUTC();
    private static final Web WEB = new Web("test", CLOCK);

    @AfterAll
    static void close() {
        WEB.close();
    }

    private static GoogleStore store(String bucket) {
        Map<String, String> env = Map.of("STORAGE_EMULATOR_HOST", GOOGLE.address());
        return new GoogleStore(bucket, "cluster one/", new GoogleAccess(env::get, WEB, CLOCK), WEB, CLOCK);
    }

    private static Instant soon() {
        return CLOCK.instant().plus(Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000, Parts.SIZE, Parts.SIZE + 1, 2 * Parts.SIZE, 2 * Parts.SIZE + 12_345})
    void whatIsWrittenIsThereAsItWasInOnePieceOrInParts(int length) throws IOException {
        byte[] bytes = Bytes.any(length);
        GoogleStore store = store(RealStore.BUCKET);
        String key = "a/b/of " + length + "~$&+é.bin";

        // When
        try (EvidenceStore.Upload upload = store.begin(key, "application/octet-stream", soon())) {
            for (int at = 0; at < length; at += 70_000) {
                upload.write(bytes, at, Math.min(70_000, length - at));
            }
            upload.finish();
        }

        // Then
        assertThat(GOOGLE.objects()).containsKey("cluster one/" + key);
        assertThat(GOOGLE.objects().get("cluster one/" + key)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, Parts.SIZE + 10})
    void whatIsThereAlreadyIsNotWrittenOver(int length) throws IOException {
        // Given
        GoogleStore store = store(RealStore.BUCKET);
        String key = "twice/" + length;
        write(store, key, new byte[] {1});

        // When / Then
        assertThatThrownBy(() -> write(store, key, Bytes.any(length))).hasMessageContaining("there already");
        assertThat(GOOGLE.objects().get("cluster one/" + key)).containsExactly(1);
    }

    @Test
    void theBucketIsFoundReadyByLookingAloneAndOneThatIsNotThereIsSaid() {
        Map<String, byte[]> before = GOOGLE.objects();

        // When / Then
        assertThat(store(RealStore.BUCKET).readiness(soon())).isEqualTo(new EvidenceStore.Readiness.Ready());
        assertThat(store("nobodys").readiness(soon()))
                .isInstanceOfSatisfying(EvidenceStore.Readiness.Unusable.class, unusable -> assertThat(unusable.why())
                        .contains("no such bucket"));
        assertThat(GOOGLE.objects().keySet()).isEqualTo(before.keySet());
    }

    @Test
    void anUploadThatIsGivenUpLeavesNothing() throws IOException {
        GoogleStore store = store(RealStore.BUCKET);

        // When
        try (EvidenceStore.Upload upload = store.begin("given/up", "text/plain", soon())) {
            upload.write(Bytes.any(2 * Parts.SIZE));
        }

        // Then
        assertThat(GOOGLE.objects().keySet()).noneMatch(name -> name.contains("given"));
    }

    private static void write(GoogleStore store, String key, byte[] bytes) throws IOException {
        try (EvidenceStore.Upload upload = store.begin(key, "application/octet-stream", soon())) {
            upload.write(bytes);
            upload.finish();
        }
    }
}
