package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Questions to a journal: which responses were there, and what is the whole story of one. Reads the files, also
 * under a running engine; nothing is kept between two questions.
 */
public final class AuditQuery {

    private static final Set<String> ABOUT_RESPONSES = Set.of(
            "planned",
            "judged",
            "intended",
            "ended",
            "recovered",
            "undo-prepared",
            "released",
            "undo-scheduled",
            "undone");

    private final JournalReader reader;

    /** @param state the engine's state directory */
    public AuditQuery(Path state) {
        reader = new JournalReader(state);
    }

    /**
     * Which responses are wanted: those for which all of it holds.
     *
     * @param limit the newest so many
     */
    public record Filter(Predicate<ResponseRecord> wanted, int limit) {

        public static final Filter ALL = new Filter(response -> true, Integer.MAX_VALUE);

        public Filter newest(int most) {
            return new Filter(wanted, most);
        }

        public Filter since(Instant earliest) {
            return and(response -> !response.time().isBefore(earliest));
        }

        public Filter until(Instant latest) {
            return and(response -> !response.time().isAfter(latest));
        }

        /** @param name of a detection rule, in full */
        public Filter rule(String name) {
            return and(response ->
                    response.detections().stream().anyMatch(seen -> seen.rule().equals(name)));
        }

        public Filter actionSet(String name) {
            return and(response -> response.triggers().contains(name)
                    || response.steps().stream()
                            .anyMatch(step -> step.actionSet().equals(name)));
        }

        /** @param name such as {@code process/4711} */
        public Filter target(String name) {
            return and(response ->
                    response.steps().stream().anyMatch(step -> step.target().equals(name)));
        }

        private Filter and(Predicate<ResponseRecord> more) {
            return new Filter(wanted.and(more), limit);
        }
    }

    /** Oldest first. */
    public List<ResponseRecord> responses(Filter filter) {
        List<ResponseRecord> accepted = read().stream().filter(filter.wanted()).toList();
        return accepted.subList(Math.max(0, accepted.size() - filter.limit()), accepted.size());
    }

    /** @param id of the response, or of its incident, or the beginning of either if no other begins so */
    public Optional<ResponseRecord> response(String id) {
        List<ResponseRecord> all = read();
        List<ResponseRecord> exact = all.stream()
                .filter(response ->
                        response.id().equals(id) || response.incident().equals(id))
                .toList();
        if (!exact.isEmpty()) {
            return Optional.of(exact.getLast());
        }
        List<ResponseRecord> near = all.stream()
                .filter(response ->
                        response.id().startsWith(id) || response.incident().startsWith(id))
                .toList();
        return near.size() == 1 ? Optional.of(near.getFirst()) : Optional.empty();
    }

    private List<ResponseRecord> read() {
        Map<String, Gathering> responses = new LinkedHashMap<>();
        reader.forEach(1, ABOUT_RESPONSES::contains, entry -> responses
                .computeIfAbsent(entry.text("response"), id -> new Gathering(id, entry.time()))
                .accept(entry));
        Map<String, Set<String>> wanted = new HashMap<>();
        for (Gathering response : responses.values()) {
            for (String detection : response.detections) {
                wanted.computeIfAbsent(detection, id -> new HashSet<>()).addAll(response.fields());
            }
        }
        Map<String, ResponseRecord.Seen> seen = new HashMap<>();
        reader.forEach(1, "detection"::equals, entry -> {
            JsonNode detection = entry.json().path("detection");
            String id = detection.path("id").asText();
            Set<String> fields = wanted.get(id);
            if (fields != null) {
                seen.put(id, seen(detection, fields, entry.time()));
            }
        });
        return responses.values().stream().map(response -> response.put(seen)).toList();
    }

    private static ResponseRecord.Seen seen(JsonNode detection, Set<String> wanted, Instant journalled) {
        List<String> assets = new ArrayList<>();
        detection
                .path("assets")
                .forEach(asset -> ActionJson.asset(asset).map(Asset::display).ifPresent(assets::add));
        SortedMap<String, String> fields = new TreeMap<>();
        for (String field : wanted) {
            JsonNode value = detection.path("output_fields").get(field);
            if (value != null) {
                fields.put(field, value.toString());
            }
        }
        return new ResponseRecord.Seen(
                detection.path("id").asText(),
                instant(detection.path("time"), journalled),
                detection.path("source").asText(),
                detection.path("rule").asText(),
                detection.path("priority").asText(),
                detection.path("output").asText(),
                assets,
                fields);
    }

    private static Instant instant(JsonNode text, Instant otherwise) {
        try {
            return Instant.parse(text.asText());
        } catch (DateTimeException unreadable) {
            return otherwise;
        }
    }

    /** What has been read of one response so far. */
    private static final class Gathering {
        private final String id;
        private Instant time;
        private String incident = "";
        private final List<String> triggers = new ArrayList<>();
        private final List<String> detections = new ArrayList<>();
        private final Map<String, GatheringStep> steps = new LinkedHashMap<>();
        private final List<ResponseRecord.LeftOut> leftOut = new ArrayList<>();
        private final List<ResponseRecord.Matched> matches = new ArrayList<>();
        private final List<String> notified = new ArrayList<>();

        Gathering(String id, Instant time) {
            this.id = id;
            this.time = time;
        }

        void accept(RecordedEntry entry) {
            if (entry.type().equals("planned")) {
                plan(entry);
            } else {
                steps.computeIfAbsent(entry.text("step"), name -> new GatheringStep(name, entry.json()))
                        .accept(entry);
            }
        }

        private void plan(RecordedEntry entry) {
            time = entry.time();
            incident = entry.text("incident");
            triggers.addAll(texts(entry.json().path("triggers")));
            detections.addAll(texts(entry.json().path("detections")));
            notified.addAll(texts(entry.json().path("notify")));
            for (JsonNode match : entry.json().path("matches")) {
                matches.add(new ResponseRecord.Matched(
                        match.path("action_set").asText(),
                        match.path("when").asText(),
                        texts(match.path("fields")),
                        match.has("detections") ? texts(match.path("detections")) : detections));
            }
            for (JsonNode step : entry.json().path("steps")) {
                String name = step.path("id").asText();
                steps.put(name, new GatheringStep(name, step));
            }
            for (JsonNode left : entry.json().path("left_out")) {
                leftOut.add(new ResponseRecord.LeftOut(
                        left.path("action_set").asText(),
                        left.path("step").asText(),
                        left.path("because").asText()));
            }
        }

        private static List<String> texts(JsonNode list) {
            List<String> texts = new ArrayList<>();
            list.forEach(text -> texts.add(text.asText()));
            return texts;
        }

        /** Those that any of its sets looked at. */
        Set<String> fields() {
            Set<String> fields = new HashSet<>();
            matches.forEach(match -> fields.addAll(match.fields()));
            return fields;
        }

        ResponseRecord put(Map<String, ResponseRecord.Seen> seen) {
            return new ResponseRecord(
                    id,
                    incident,
                    time,
                    triggers,
                    detections.stream().filter(seen::containsKey).map(seen::get).toList(),
                    matches,
                    steps.values().stream().map(GatheringStep::put).toList(),
                    leftOut,
                    notified);
        }
    }

    /** What has been read of one step so far. */
    private static final class GatheringStep {
        private final String id;
        private final JsonNode json;
        private Optional<ResponseRecord.Judgement> verdict = Optional.empty();
        private Optional<Instant> intended = Optional.empty();
        private Optional<ResponseRecord.Ending> ending = Optional.empty();
        private Optional<ResponseRecord.Recovery> recovery = Optional.empty();
        private Optional<ResponseRecord.Undo> undo = Optional.empty();

        /** @param json the plan's step, or without a plan the first entry about it */
        GatheringStep(String id, JsonNode json) {
            this.id = id;
            this.json = json;
        }

        void accept(RecordedEntry entry) {
            switch (entry.type()) {
                case "judged" ->
                    verdict = Optional.of(new ResponseRecord.Judgement(
                            entry.time(), entry.text("verdict"), entry.text("guard"), entry.text("reason")));
                case "intended" -> intended = Optional.of(entry.time());
                case "ended" -> ending = Optional.of(ending(entry));
                case "recovered" ->
                    recovery = Optional.of(
                            new ResponseRecord.Recovery(entry.time(), entry.text("resolution"), entry.text("reason")));
                case "undo-prepared", "released" -> {} // what takes it back is told when it does
                case "undo-scheduled" ->
                    undo = Optional.of(new ResponseRecord.Undo(
                            instant(entry.json().path("due"), entry.time()),
                            entry.json().path("inverse").path("verb").asText(),
                            Optional.empty()));
                case "undone" ->
                    undo = Optional.of(new ResponseRecord.Undo(
                            undo.map(ResponseRecord.Undo::due).orElse(entry.time()),
                            undo.map(ResponseRecord.Undo::verb).orElse("undo"),
                            Optional.of(ending(entry))));
                default -> throw new IllegalArgumentException("not about a step: " + entry.type());
            }
        }

        private static ResponseRecord.Ending ending(RecordedEntry entry) {
            JsonNode micros = entry.json().path("micros");
            return new ResponseRecord.Ending(
                    entry.time(),
                    entry.text("outcome"),
                    entry.text("detail"),
                    new StageTimings(
                            micros.path("detected").asLong(StageTimings.UNKNOWN),
                            micros.path("planned").asLong(StageTimings.UNKNOWN),
                            micros.path("judged").asLong(StageTimings.UNKNOWN),
                            micros.path("sent").asLong(StageTimings.UNKNOWN),
                            micros.path("observed").asLong(StageTimings.UNKNOWN)));
        }

        ResponseRecord.StepRecord put() {
            JsonNode action = json.path("action");
            String scope = action.path("scope").asText("process");
            Optional<Asset> target = ActionJson.asset(action.path("target"));
            return new ResponseRecord.StepRecord(
                    id,
                    json.path("action_set").asText(""),
                    action.path("verb").asText("") + (scope.equals("process") ? "" : " (" + scope + ")"),
                    action.isObject() ? JournalTokens.action(action.toString()).parameters() : "{}",
                    target.map(Asset::display).orElse(""),
                    target.map(GatheringStep::identity).orElse(""),
                    json.path("mode").asText(""),
                    json.path("lane").asText(""),
                    json.path("because").asText(""),
                    verdict,
                    intended,
                    ending,
                    recovery,
                    undo);
        }

        /** What an actuator compares before it touches anything. */
        private static String identity(Asset target) {
            return switch (target) {
                case ProcessRef process ->
                    "pid " + process.pid() + " on node " + process.node().name() + ", started "
                            + process.startTimeNanos() + " ns after boot"
                            + (process.inode() == 0 ? "" : ", inode " + process.inode() + " of its pidfd");
                case ContainerRef container ->
                    container.id() + " on node " + container.node().name();
                case PodRef pod -> pod.uid().map(uid -> "uid " + uid).orElse("its uid is not known");
                case NodeRef node -> "";
                case ObjectRef object -> "";
                case WorkloadRef workload -> "";
                case EndpointRef endpoint -> "";
            };
        }
    }
}
