package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** {@code pod.label} and {@code pod.annotate}. One request, when the pod's uid and its labels are known beforehand. */
final class PodMetadata implements ClusterStep {

    private final Metadata.Field field;
    private final Metadata metadata;
    private final Function<PodRef, Optional<Map<String, String>>> known;

    PodMetadata(Metadata.Field field, Function<PodRef, Optional<Map<String, String>>> known) {
        this.field = field;
        this.metadata = new Metadata(field);
        this.known = known;
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        PodRef pod = attempt.pod();
        Optional<Metadata.State> state =
                pod.uid().flatMap(uid -> known.apply(pod).map(values -> new Metadata.State(uid, values)));
        PodRef certain = pod.uid().isPresent() ? pod : Attempt.certain(pod, attempt.meantPod());
        return metadata.set(
                attempt,
                Attempt.path(pod),
                attempt.parameters().map(field.key()),
                state,
                () -> attempt.meantPod(certain),
                certain);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        return metadata.restore(undo, attempt, Attempt.path(attempt.pod()), attempt::meantPod);
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        return metadata.observe(attempt.parameters().map(field.key()), attempt.meantPod(), attempt.pod());
    }
}
