package dev.pounce.audit;

import dev.pounce.action.Action;
import dev.pounce.action.Lane;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.correlation.Incident;
import dev.pounce.detection.Detection;
import dev.pounce.detection.SecretFields;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.Reason;
import dev.pounce.planning.ResponsePlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The members of each kind of entry, between {@code type} and {@code prev}. Detections have Falco's keys.
 *
 * <p>Environments, the content of files and of network packets never pass here: fields that hold such have
 * their values replaced, in the rendered output as well.
 */
final class EntryJson {

    private static final String WITHHELD = "[withheld]";

    private EntryJson() {}

    static void write(JournalEntry entry, JsonLine json) {
        switch (entry) {
            case JournalEntry.EngineStarted started -> {
                json.member("version", started.version())
                        .member("node", started.node())
                        .member("ceiling", started.ceiling().display());
                files(started.files(), json);
            }
            case JournalEntry.EngineStopped stopped -> json.member("reason", stopped.reason());
            case JournalEntry.ConfigurationLoaded loaded -> files(loaded.files(), json);
            case JournalEntry.DetectionSeen seen -> {
                if (seen.alert().isPresent()) {
                    json.member(AlertKeys.MEMBER, seen.alert().get()); // first, where AlertKeys looks for it
                }
                detection(seen.detection(), json);
            }
            case JournalEntry.Planned planned -> plan(planned.plan(), json);
            case JournalEntry.Judged judged -> {
                step(judged.response(), judged.step(), json);
                verdict(judged.verdict(), json);
            }
            case JournalEntry.Intended intended -> {
                step(intended.response(), intended.step(), json);
                action("action", intended.action(), json);
                json.member("deadline", intended.deadline());
            }
            case JournalEntry.Ended ended -> {
                step(ended.response(), ended.step(), json);
                outcome(ended.outcome(), json);
                timings(ended.timings(), json);
            }
            case JournalEntry.Recovered recovered -> {
                step(recovered.response(), recovered.step(), json);
                json.member("resolution", recovered.resolution().display()).member("reason", recovered.reason());
            }
            case JournalEntry.UndoScheduled undo -> {
                step(undo.response(), undo.step(), json);
                action("inverse", undo.inverse(), json);
                json.member("due", undo.due());
            }
            case JournalEntry.UndoPrepared undo -> {
                step(undo.response(), undo.step(), json);
                action("undo", undo.undo(), json);
                undo.due().ifPresent(due -> json.member("due", due));
            }
            case JournalEntry.Released released -> {
                step(released.response(), released.step(), json);
                json.member("by", released.by());
            }
            case JournalEntry.Undone undone -> {
                step(undone.response(), undone.step(), json);
                outcome(undone.outcome(), json);
            }
            case JournalEntry.DetectionsRepeated repeated ->
                json.member("rule", repeated.rule())
                        .member("subject", repeated.subject())
                        .member("count", repeated.count())
                        .member("since", repeated.since())
                        .member("until", repeated.until());
            case JournalEntry.BudgetTripped budget ->
                json.member("action_set", budget.actionSet()).member("reason", budget.reason());
            case JournalEntry.Rearmed rearmed ->
                json.member("action_set", rearmed.actionSet()).member("by", rearmed.by());
            case JournalEntry.LossNoticed loss ->
                json.member("kind", loss.kind()).member("count", loss.count());
            case JournalEntry.ProbeChanged probe ->
                json.member("state", probe.state()).member("reason", probe.reason());
            case JournalEntry.TornTailCut torn ->
                json.member("segment", torn.segment()).member("bytes", torn.bytes());
            case JournalEntry.DamageFound damage ->
                json.member("where", damage.where()).member("what", damage.what());
            case JournalEntry.SegmentsExpired expired ->
                json.member("through", expired.through()).member("through_hash", expired.hash());
        }
    }

    private static void step(String response, String step, JsonLine json) {
        json.member("response", response).member("step", step);
    }

    private static void files(List<JournalEntry.LoadedFile> files, JsonLine json) {
        json.key("files").beginArray();
        for (JournalEntry.LoadedFile file : files) {
            json.beginObject()
                    .member("path", file.path())
                    .member("sha256", file.sha256())
                    .endObject();
        }
        json.endArray();
    }

    private static void detection(Detection detection, JsonLine json) {
        json.key("detection").beginObject();
        json.member("id", detection.id())
                .member("time", detection.time())
                .member("source", detection.source())
                .member("rule", detection.rule())
                .member("priority", detection.priority().display());
        json.key("tags").value(detection.tags());
        outputOf(detection, json);
        json.key("assets").beginArray();
        for (Asset asset : detection.assets()) {
            asset(asset, json);
        }
        json.endArray().endObject();
    }

    /** {@code output} and {@code output_fields}, without what is secret. */
    static void outputOf(Detection detection, JsonLine json) {
        List<String> secrets = new ArrayList<>(0);
        for (Map.Entry<String, ?> field : detection.fields().entrySet()) {
            if (SecretFields.contains(field.getKey()) && field.getValue() != null) {
                String text = String.valueOf(field.getValue());
                // A shorter one would blank out half of the sentence and hide nothing
                if (text.length() >= 4) {
                    secrets.add(text);
                }
            }
        }
        String output = detection.output();
        for (String secret : secrets) {
            output = output.replace(secret, WITHHELD);
        }
        json.member("output", output);
        json.key("output_fields").beginObject();
        for (Map.Entry<String, ?> field : detection.fields().entrySet()) {
            json.key(field.getKey());
            if (SecretFields.contains(field.getKey()) && field.getValue() != null) {
                json.text(WITHHELD);
            } else {
                json.value(field.getValue());
            }
        }
        json.endObject();
    }

    private static void plan(ResponsePlan plan, JsonLine json) {
        Incident incident = plan.incident();
        json.member("response", plan.id()).member("incident", incident.id()).member("incident_time", incident.time());
        incident.evidence().stream()
                .map(Detection::time)
                .min(Comparator.naturalOrder())
                .ifPresent(seen -> json.member("seen", seen));
        json.key("triggers").value(incident.triggers());
        json.key("detections").beginArray();
        newest(incident.evidence()).forEach(detection -> json.text(detection.id()));
        json.endArray();
        reasons(plan, json);
        if (!incident.coolingDown().isEmpty()) {
            json.key("cooling_down").beginArray();
            for (Incident.CoolingDown cooling : incident.coolingDown()) {
                json.beginObject()
                        .member("action_set", cooling.actionSet())
                        .member("key", cooling.key())
                        .member("until", cooling.until())
                        .endObject();
            }
            json.endArray();
        }
        json.key("steps").beginArray();
        for (ResponsePlan.Step step : plan.steps()) {
            json.beginObject().member("id", step.id()).member("action_set", step.actionSet());
            action("action", step.action(), json);
            json.member("mode", step.mode().display())
                    .member("patience_ms", step.patience().toMillis())
                    .member("because", step.because());
            if (step.lane() != Lane.CONTAINMENT) {
                json.member("lane", step.lane().display());
            }
            if (!step.after().isEmpty()) {
                json.key("after").value(step.after());
            }
            if (!step.alsoFor().isEmpty()) {
                json.key("also_for").value(step.alsoFor());
            }
            if (!step.behind().isEmpty()) {
                json.key("behind").value(step.behind());
            }
            if (step.onFailure() != OnFailure.STOP) {
                json.member("on_failure", step.onFailure().display());
            }
            json.endObject();
        }
        json.endArray();
        if (!plan.notified().isEmpty()) {
            json.key("notify").value(plan.notified());
        }
        json.key("left_out").beginArray();
        for (ResponsePlan.LeftOut leftOut : plan.leftOut()) {
            json.beginObject()
                    .member("action_set", leftOut.actionSet())
                    .member("step", leftOut.step())
                    .member("because", leftOut.because())
                    .endObject();
        }
        json.endArray();
    }

    /** Which set waited for what, and the detections that it got; those of the incident are not repeated. */
    private static void reasons(ResponsePlan plan, JsonLine json) {
        if (plan.reasons().isEmpty()) {
            return;
        }
        int evidence = plan.incident().evidence().size();
        json.key("matches").beginArray();
        for (Reason reason : plan.reasons()) {
            json.beginObject().member("action_set", reason.actionSet()).member("when", reason.when());
            if (!reason.fields().isEmpty()) {
                json.key("fields").value(reason.fields());
            }
            for (Incident.Match match : plan.incident().matches()) {
                if (match.actionSet().equals(reason.actionSet())
                        && match.evidence().size() < evidence) {
                    json.key("detections").beginArray();
                    newest(match.evidence()).forEach(detection -> json.text(detection.id()));
                    json.endArray();
                }
            }
            json.endObject();
        }
        json.endArray();
    }

    /** Of very many, those that end with the one that completed it. */
    private static List<Detection> newest(List<Detection> evidence) {
        return evidence.subList(Math.max(0, evidence.size() - JsonLine.LONGEST_LIST), evidence.size());
    }

    private static void verdict(Verdict verdict, JsonLine json) {
        switch (verdict) {
            case Verdict.Allow allow -> json.member("verdict", "allow");
            case Verdict.Rehearse(String reason) ->
                json.member("verdict", "rehearse").member("reason", reason);
            case Verdict.Deny(String guard, String reason) ->
                json.member("verdict", "deny").member("guard", guard).member("reason", reason);
        }
    }

    private static void outcome(Outcome outcome, JsonLine json) {
        switch (outcome) {
            case Outcome.Done(String observed) -> json.member("outcome", "done").member("detail", observed);
            case Outcome.AlreadySo(String observed) ->
                json.member("outcome", "already so").member("detail", observed);
            case Outcome.TargetGone(String reason) ->
                json.member("outcome", "target gone").member("detail", reason);
            case Outcome.Failed(String reason, boolean retryable) ->
                json.member("outcome", "failed")
                        .member("detail", reason)
                        .key("retryable")
                        .value(retryable);
            case Outcome.Withheld(String reason) ->
                json.member("outcome", "withheld").member("detail", reason);
            case Outcome.WouldAct(String what) ->
                json.member("outcome", "would act").member("detail", what);
        }
    }

    private static void timings(StageTimings timings, JsonLine json) {
        json.key("micros").beginObject();
        micros("detected", timings.detected(), json);
        micros("planned", timings.planned(), json);
        micros("judged", timings.judged(), json);
        micros("sent", timings.sent(), json);
        micros("observed", timings.observed(), json);
        json.endObject();
    }

    private static void micros(String stage, long micros, JsonLine json) {
        if (micros != StageTimings.UNKNOWN) {
            json.member(stage, micros);
        }
    }

    static void action(String key, Action action, JsonLine json) {
        json.key(key).beginObject().member("verb", action.verb());
        json.key("target");
        asset(action.target(), json);
        switch (action) {
            case Action.KillProcess kill -> {
                json.member("scope", kill.scope().display());
                if (kill.container().isPresent()) {
                    json.key("container");
                    asset(kill.container().get(), json);
                }
            }
            case Action.SuspendProcess suspend -> {}
            case Action.ResumeProcess resume -> {}
            case Action.OnCluster on ->
                json.key("parameters").value(on.parameters().plain());
            case Action.TakeBack undo -> {
                json.key("parameters").value(undo.parameters().plain());
                json.key("takes_back").value(undo.before());
            }
        }
        json.endObject();
    }

    private static void asset(Asset asset, JsonLine json) {
        json.beginObject();
        switch (asset) {
            case ProcessRef process -> {
                json.member("kind", "process")
                        .member("node", process.node().name())
                        .member("pid", process.pid())
                        .member("start", process.startTimeNanos());
                if (process.inode() != 0) {
                    json.member("inode", process.inode());
                }
            }
            case ContainerRef container ->
                json.member("kind", "container")
                        .member("node", container.node().name())
                        .member("id", container.id());
            case PodRef pod -> {
                json.member("kind", "pod").member("namespace", pod.namespace()).member("name", pod.name());
                pod.uid().ifPresent(uid -> json.member("uid", uid));
            }
            case NodeRef node -> json.member("kind", "node").member("name", node.name());
            case ObjectRef object -> {
                json.member("kind", "object").member("resource", object.resource());
                object.namespace().ifPresent(namespace -> json.member("namespace", namespace));
                json.member("name", object.name());
            }
            case WorkloadRef workload -> {
                json.member("kind", "workload")
                        .member("resource", workload.kind())
                        .member("namespace", workload.namespace())
                        .member("name", workload.name());
                workload.uid().ifPresent(uid -> json.member("uid", uid));
            }
            case EndpointRef endpoint -> json.member("kind", "endpoint").member("name", endpoint.name());
        }
        json.endObject();
    }
}
