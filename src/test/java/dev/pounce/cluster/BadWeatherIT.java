package dev.pounce.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BadWeatherIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final Request get = Request.get(ApiPath.core("namespaces").named(CLUSTER.namespace()));

    @AfterEach
    void end() {
        access.close();
        weather.close();
    }

    @Test
    void whatIsAskedIsPassedOnInFairWeather() {
        // When
        Reply reply = access.api().send(get, soon());

        // Then
        assertThat(reply).isInstanceOfSatisfying(Reply.Ok.class, ok -> assertThat(
                        ok.body().path("metadata").path("name").asText())
                .isEqualTo(CLUSTER.namespace()));
        assertThat(weather.seen()).singleElement().hasToString("GET " + get.path());
        assertThat(weather.seen().getFirst().headers()).containsEntry("user-agent", "pounce/test");
    }

    @Test
    void whatARuleSaysIsDoneSoManyTimes() {
        // Given
        weather.on("GET", CLUSTER.namespace())
                .times(1)
                .answers(429, "TooManyRequests", "later", Optional.of(Duration.ofSeconds(2)));

        // When
        Reply first = access.api().send(get, soon());
        Reply second = access.api().send(get, soon());

        // Then
        assertThat(first).isInstanceOfSatisfying(Reply.Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(429);
            assertThat(refused.retryAfter()).contains(Duration.ofSeconds(2));
        });
        assertThat(second).isInstanceOf(Reply.Ok.class);
    }

    @Test
    void aLostAnswerIsUnheardAlthoughTheServerDidIt() {
        // Given
        String uid = CLUSTER.unscheduled("lost", "app=lost");
        weather.on("DELETE", "/pods/lost").losesAnswers();

        // When
        Reply reply = access.api()
                .send(
                        Request.delete(
                                ApiPath.core("pods").in(CLUSTER.namespace()).named("lost"),
                                "{\"preconditions\":{\"uid\":\"" + uid + "\"}}"),
                        soon());

        // Then
        assertThat(reply).isInstanceOf(Reply.Unheard.class);
        RealCluster.until("deleted", () -> CLUSTER.kubectl("get", "pods", "lost", "--ignore-not-found")
                .isEmpty());
    }

    @Test
    void aCutConnectionIsUnheard() {
        // Given
        weather.on("GET", CLUSTER.namespace()).cuts();

        // When
        Reply reply = access.api().send(get, soon());

        // Then
        assertThat(reply).isInstanceOf(Reply.Unheard.class);
    }

    private static Instant soon() {
        return Instant.now().plusSeconds(20);
    }
}
