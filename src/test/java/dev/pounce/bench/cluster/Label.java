package dev.pounce.bench.cluster;

import java.util.ArrayList;
import java.util.List;

/** One that an alert can ask for: there are ten different ones for each pod, each with a rule of its own. */
record Label(String pod, int number) {

    static final int EACH = 10;

    /** All of these pods, and of one pod never two in a row. */
    static List<Label> allOf(List<String> pods) {
        List<Label> all = new ArrayList<>();
        for (int number = 0; number < EACH; number++) {
            for (String pod : pods) {
                all.add(new Label(pod, number));
            }
        }
        return all;
    }

    String rule() {
        return "Bench label " + number;
    }

    String key() {
        return "bench-" + number;
    }

    /** What asks the API server for it. */
    static String patch(String key) {
        return "{\"metadata\":{\"labels\":{\"" + key + "\":\"true\"}}}";
    }
}
