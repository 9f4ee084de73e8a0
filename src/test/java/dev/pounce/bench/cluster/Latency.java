package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * From an alert to what a watch sees of it, one at a time; and in the same minutes the floor, which is the same change asked
 * for by the meter itself. They take turns.
 */
final class Latency {

    private static final int TURN = 50;

    private final Bed bed;

    Latency(Bed bed) {
        this.bed = bed;
    }

    /** One way to have an effect on a pod; the number is how many went before it. */
    private interface Way {
        void take(Times times, int number) throws IOException, InterruptedException;
    }

    void labels(int count, long pauseMillis) throws IOException, InterruptedException {
        MeasuredEngine engine = bed.startEngine("state").awaitArmed();
        int turn = pauseMillis > 0 ? 1 : TURN;
        List<String> pods = bed.pods("labelled", (count + TURN) / Label.EACH + 1);
        Way alert = (times, number) -> {
            Label label = new Label(pods.get(number / Label.EACH), number % Label.EACH);
            times.measure(bed.effect(label), () -> bed.alert(engine, label));
        };
        Way patch = (times, number) -> {
            String pod = pods.get(number / Label.EACH);
            String label = "floor-" + number % Label.EACH;
            times.measure(bed.watch().effect(pod, label), () -> bed.api()
                    .patch(ApiServer.pods(bed.namespace()) + "/" + pod, Label.patch(label)));
        };
        takeTurns(alert, patch, count, turn, pauseMillis);
    }

    void terminations(int count) throws IOException, InterruptedException {
        MeasuredEngine engine = bed.startEngine("state").awaitArmed();
        List<String> pods = bed.pods("ended", 2 * (count + TURN));
        Way alert = (times, number) -> {
            String pod = pods.get(2 * number);
            times.measure(
                    bed.watch().effect(pod, PodWatch.ENDING), () -> engine.alert(Bed.TERMINATE, bed.namespace(), pod));
        };
        Way evict = (times, number) -> {
            String pod = pods.get(2 * number + 1);
            times.measure(
                    bed.watch().effect(pod, PodWatch.ENDING), () -> bed.api().evict(bed.namespace(), pod));
        };
        takeTurns(alert, evict, count, TURN, 0);
    }

    private static void takeTurns(Way alert, Way direct, int count, int turn, long pauseMillis)
            throws IOException, InterruptedException {
        int number = 0;
        for (; number < TURN; number++) { // until engine and meter are warm; not counted
            alert.take(new Times(), number);
            direct.take(new Times(), number);
        }
        Times floor = new Times();
        Times engine = new Times();
        while (number < TURN + count) {
            int end = Math.min(TURN + count, number + turn);
            for (int i = number; i < end; i++) {
                Thread.sleep(pauseMillis / 2);
                direct.take(floor, i);
            }
            for (; number < end; number++) {
                Thread.sleep(pauseMillis / 2);
                alert.take(engine, number);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "{\"alert\":%s,\"floor\":%s,\"ratio_p50\":%.2f,\"ratio_p99\":%.2f}%n",
                engine.json(),
                floor.json(),
                engine.millis(0.5) / floor.millis(0.5),
                engine.millis(0.99) / floor.millis(0.99));
    }
}
