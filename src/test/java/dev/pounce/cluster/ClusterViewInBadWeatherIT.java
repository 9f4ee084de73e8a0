package dev.pounce.cluster;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Answer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ClusterViewInBadWeatherIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private BadWeather weather;
    private ClusterAccess access;

    @SuppressWarnings("NullAway.Init")
    private ClusterView view; // made by each test, when the weather is as it wants it

    private final AtomicLong ahead = new AtomicLong();

    @BeforeEach
    void begin() {
        weather = BadWeather.before(CLUSTER.access());
        access = weather.access(Clock.systemUTC());
    }

    @AfterEach
    void end() {
        view.close();
        access.close();
        weather.close();
    }

    private void follow() {
        view = ClusterView.follow(access, () -> System.nanoTime() + ahead.get());
    }

    private boolean isKnown(String pod) {
        return view.pod(CLUSTER.namespace(), pod) instanceof Answer.Known;
    }

    private String problemOf(String resource) {
        return view.health().stream()
                .filter(kind -> kind.resource().equals(resource))
                .findFirst()
                .orElseThrow()
                .problem();
    }

    @Test
    void aServerThatFailsIsAskedAgain() {
        // Given
        CLUSTER.unscheduled("patience", "app=patience");
        BadWeather.Rule failing =
                weather.on("GET", "/api/v1/pods").times(2).answers(500, "InternalError", "it has a bad day");

        // When
        follow();
        until("it has failed", () -> failing.met() > 0);
        Answer<Pod> meanwhile = view.pod(CLUSTER.namespace(), "patience");

        // Then
        assertThat(meanwhile).isInstanceOf(Answer.Unknown.class);
        until("the pods are known", () -> isKnown("patience"));
        assertThat(failing.met()).isEqualTo(2);
    }

    @Test
    void aServerThatHasForgottenWhereWeWereGivesANewList() {
        // Given
        weather.on(seen -> seen.target().startsWith("/api/v1/pods")
                        && seen.target().contains("watch=true"))
                .times(1)
                .answers(410, "Expired", "too old resource version");

        // When
        follow();
        until("its pods are listed again", () -> listsOfPods() > 1);
        CLUSTER.unscheduled("later", "app=later");

        // Then
        until("the watch goes on", () -> isKnown("later"));
    }

    private long listsOfPods() {
        return weather.seen().stream()
                .filter(seen -> seen.target().startsWith("/api/v1/pods?")
                        && !seen.target().contains("watch=true"))
                .count();
    }

    @Test
    void withoutTheRightToFollowOneKindTheOthersAreKnown() {
        // Given
        weather.on("GET", "/poddisruptionbudgets").answers(403, "Forbidden", "no");
        CLUSTER.unscheduled("seen", "app=seen");

        // When
        follow();
        until("its pods are known", () -> isKnown("seen"));
        until("its budgets were refused", () -> problemOf("poddisruptionbudgets")
                .contains("may not"));

        // Then
        Pod pod = ((Answer.Known<Pod>) view.pod(CLUSTER.namespace(), "seen")).value();
        assertThat(view.budgetsOf(pod))
                .isEqualTo(new Answer.Unknown<List<Budget>>("the cluster's poddisruptionbudgets are not known yet: this"
                        + " engine may not list and watch poddisruptionbudgets"));
    }

    @Test
    void whileTheServerIsAwayNothingIsKnownAfterAMinuteAndAllIsKnownWhenItIsBack() {
        // Given
        CLUSTER.unscheduled("before", "app=before");
        follow();
        until("its pods are known", () -> isKnown("before"));
        weather.on(seen -> true).cuts();

        // When: what was open goes silent, is given up, and cannot be opened again. Something may still come of it for
        // a moment, so that time passes until nothing does
        List<Answer<Pod>> meanwhile = new ArrayList<>();
        until("it notices", () -> {
            ahead.addAndGet(ClusterView.STALE.plusSeconds(1).toNanos());
            meanwhile.add(view.pod(CLUSTER.namespace(), "before"));
            return !problemOf("pods").isEmpty() && meanwhile.getLast() instanceof Answer.Unknown;
        });
        CLUSTER.kubectl("delete", "pod", "before", "--now");
        CLUSTER.unscheduled("after", "app=after");
        weather.clearsUp();

        // Then
        assertThat(meanwhile.getLast())
                .isInstanceOfSatisfying(Answer.Unknown.class, unknown -> assertThat(unknown.why())
                        .startsWith("nothing was heard of the cluster's pods for "));
        until("what has changed is known", () -> isKnown("after") && !isKnown("before"));
    }
}
