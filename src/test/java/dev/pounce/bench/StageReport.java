package dev.pounce.bench;

import dev.pounce.audit.AuditQuery;
import dev.pounce.audit.ResponseRecord;
import dev.pounce.audit.StageTimings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Prints, from the journal of an engine, how long its stages took: percentiles over all steps that were carried out, in
 * microseconds, as one line of JSON. {@code sent} counts from the kernel's event until the signal was sent.
 *
 * <p>Usage: {@code StageReport STATE [NEWEST]}: of all steps, those of an engine that has just started included, or of the
 * newest so many.
 */
public final class StageReport {

    private StageReport() {}

    public static void main(String[] args) {
        List<StageTimings> timings = new ArrayList<>();
        for (ResponseRecord response : new AuditQuery(Path.of(args[0])).responses(AuditQuery.Filter.ALL)) {
            for (ResponseRecord.StepRecord step : response.steps()) {
                if (step.intended().isPresent()) {
                    step.ending().map(ResponseRecord.Ending::timings).ifPresent(timings::add);
                }
            }
        }
        if (args.length > 1) {
            timings = timings.subList(Math.max(0, timings.size() - Integer.parseInt(args[1])), timings.size());
        }
        System.out.println("{\"steps\":" + timings.size() + ","
                + percentiles("detected", timings, StageTimings::detected) + ","
                + percentiles("planned", timings, StageTimings::planned) + ","
                + percentiles("judged", timings, StageTimings::judged) + ","
                + percentiles("send", timings, StageTimings::sent) + ","
                + percentiles("sent", timings, t -> t.detected() + t.planned() + t.judged() + t.sent()) + ","
                + percentiles("dead", timings, StageTimings::total) + "}");
    }

    private static String percentiles(String name, List<StageTimings> timings, ToLongFunction<StageTimings> of) {
        long[] sorted = timings.stream().mapToLong(of).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "\"%s_us\":{\"p50\":%d,\"p99\":%d,\"p999\":%d,\"max\":%d}",
                name,
                at(sorted, 0.5),
                at(sorted, 0.99),
                at(sorted, 0.999),
                at(sorted, 1));
    }

    private static long at(long[] sorted, double share) {
        return sorted.length == 0 ? -1 : sorted[(int) ((sorted.length - 1) * share)];
    }
}
