package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecentAlertsTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");

    @Test
    void oneIsKnownAgainForAnHour() {
        // Given
        RecentAlerts recent = new RecentAlerts(10);
        AlertKey key = new AlertKey(1, 2);
        assertThat(recent.add(key, NOON)).isTrue();

        // Then
        assertThat(recent.add(key, NOON.plus(RecentAlerts.LONGEST))).isFalse();
        assertThat(recent.add(key, NOON.plus(RecentAlerts.LONGEST).plusSeconds(1)))
                .isTrue();
    }

    @Test
    void theOldestMakeRoom() {
        // Given
        RecentAlerts recent = new RecentAlerts(2);
        recent.add(new AlertKey(0, 1), NOON);
        recent.add(new AlertKey(0, 2), NOON);

        // When
        recent.add(new AlertKey(0, 3), NOON);

        // Then
        assertThat(recent.size()).isEqualTo(2);
        assertThat(recent.add(new AlertKey(0, 2), NOON)).isFalse();
        assertThat(recent.add(new AlertKey(0, 1), NOON)).isTrue();
    }

    @Test
    void oneThatWasNotAcceptedIsForgotten() {
        // Given
        RecentAlerts recent = new RecentAlerts(10);
        recent.add(new AlertKey(7, 7), NOON);

        // When
        recent.forgetLast();

        // Then
        assertThat(recent.add(new AlertKey(7, 7), NOON)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void keysThatCollideAreToldApartLikeInASetThatForgets(long seed) {
        // Given: many keys, few slots
        Random random = new Random(seed);
        RecentAlerts recent = new RecentAlerts(50);
        Set<AlertKey> expected = new LinkedHashSet<>();

        // When, Then
        for (int i = 0; i < 20_000; i++) {
            AlertKey key = new AlertKey(random.nextInt(3), random.nextInt(40) * 64L);
            boolean isNew = !expected.contains(key);
            assertThat(recent.add(key, NOON)).isEqualTo(isNew);
            if (isNew && random.nextInt(4) == 0) {
                recent.forgetLast();
                if (expected.size() == 50) {
                    removeFirst(expected); // it had made room before
                }
            } else if (isNew) {
                if (expected.size() == 50) {
                    removeFirst(expected);
                }
                expected.add(key);
            }
            assertThat(recent.size()).isEqualTo(expected.size());
        }
    }

    private static void removeFirst(Set<AlertKey> keys) {
        Iterator<AlertKey> first = keys.iterator();
        first.next();
        first.remove();
    }
}
