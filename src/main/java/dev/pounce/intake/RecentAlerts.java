package dev.pounce.intake;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The alerts that were accepted a short while ago. Remembers at most {@value #MOST} (some 20 MB) for an hour at most, the
 * youngest; whoever sends one again later than that sends a new one. Of one thread at a time.
 */
public final class RecentAlerts {

    public static final int MOST = 200_000;
    public static final Duration LONGEST = Duration.ofHours(1);

    private final int most;
    private final Map<AlertKey, Instant> accepted = new LinkedHashMap<>();

    public RecentAlerts() {
        this(MOST);
    }

    RecentAlerts(int most) {
        this.most = most;
    }

    /** @return false when it was there already */
    public boolean add(AlertKey key, Instant now) {
        forgetOlderThan(now.minus(LONGEST));
        if (accepted.putIfAbsent(key, now) != null) {
            return false;
        }
        if (accepted.size() > most) {
            Iterator<AlertKey> oldest = accepted.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        return true;
    }

    /** It was not accepted after all. */
    public void forget(AlertKey key) {
        accepted.remove(key);
    }

    int size() {
        return accepted.size();
    }

    private void forgetOlderThan(Instant earliest) {
        Iterator<Instant> oldestFirst = accepted.values().iterator();
        while (oldestFirst.hasNext() && oldestFirst.next().isBefore(earliest)) {
            oldestFirst.remove();
        }
    }
}
