package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Yaml;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The reader and the schema are asked about the same files; the schema is read by somebody else's validator. */
class ActionSetSchemaTest {

    private static final ObjectMapper JACKSON = new ObjectMapper();
    private static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final JsonSchema SCHEMA = FACTORY.getSchema(json(ActionSetSchema.json()));

    private static final String SET = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: a-set, labels: { team: a } }
            spec:
              mode: dry-run
              when: WHEN
              steps:
                - { id: s, STEP }
              guards: GUARDS
              onFailure: stop
              notify: [oncall]
              continue: true
            """;

    private static final String WHEN = "{ detection: { rules: [A] } }";
    private static final String STEP = "process.kill: { scope: tree }";
    private static final String GUARDS = "{}";

    private final Problems problems = new Problems();

    private static JsonNode json(String text) {
        try {
            return JACKSON.readTree(text);
        } catch (JsonProcessingException broken) {
            throw new AssertionError(broken);
        }
    }

    /** As an editor would see it: what looks like a number or truth is one. */
    private static JsonNode json(Yaml yaml) {
        return switch (yaml) {
            case Yaml.Mapping mapping -> {
                ObjectNode object = JsonNodeFactory.instance.objectNode();
                mapping.entries().forEach((key, entry) -> object.set(key, json(entry.value())));
                yield object;
            }
            case Yaml.Sequence sequence -> {
                ArrayNode array = JsonNodeFactory.instance.arrayNode();
                sequence.items().forEach(item -> array.add(json(item)));
                yield array;
            }
            case Yaml.Scalar scalar when scalar.isNull() -> JsonNodeFactory.instance.nullNode();
            case Yaml.Scalar scalar when scalar.quoted() -> JsonNodeFactory.instance.textNode(scalar.text());
            case Yaml.Scalar scalar
            when scalar.text().matches("true|false") ->
                JsonNodeFactory.instance.booleanNode(scalar.text().equals("true"));
            case Yaml.Scalar scalar
            when scalar.text().matches("-?\\d{1,18}") ->
                JsonNodeFactory.instance.numberNode(Long.parseLong(scalar.text()));
            case Yaml.Scalar scalar -> JsonNodeFactory.instance.textNode(scalar.text());
        };
    }

    private boolean readerAccepts(String text) {
        new ActionSetReader(new FieldEqualsValue()).read("a.yaml", text, problems);
        return !problems.hasErrors();
    }

    private List<String> schemaObjectsTo(String text) {
        return Yaml.read("a.yaml", text, new Problems()).stream()
                .filter(document -> document instanceof Yaml.Mapping)
                .flatMap(document -> SCHEMA.validate(json(document)).stream())
                .map(Object::toString)
                .toList();
    }

    /** A hyphen stands for what is right. */
    private static String or(String wrong, String right) {
        return wrong.equals("-") ? right : wrong;
    }

    private static String set(String when, String step, String guards) {
        return SET.replace("WHEN", when).replace("STEP", step).replace("GUARDS", guards);
    }

    @Test
    void theSchemaIsASchema() {
        JsonSchema meta = FACTORY.getSchema(SchemaLocation.of(SchemaId.V202012));

        assertThat(meta.validate(json(ActionSetSchema.json()))).isEmpty();
    }

    @Test
    void theSetsWeShipFit() {
        List<Path> files = SourceFiles.of(Path.of("actionsets"), problems);

        assertThat(files).isNotEmpty().allSatisfy(file -> {
            String text = SourceFiles.read(file, problems).orElseThrow();
            assertThat(schemaObjectsTo(text)).as(file.toString()).isEmpty();
        });
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
        { detection: { tags: [a, [b, c]], priority: "<= info", source: syscall, where: proc.name = sh } }
        { any: [ { rules: [A] }, { rules: [B] } ], where: proc.name = sh }
        { all: [ { rules: [A] }, { rules: [B] } ], within: 1h30m }
        { sequence: [ { rules: [A] }, { rules: [B] } ], within: 5m, by: container.id }
        { count: { of: { rules: [A] }, atLeast: 5 }, within: 500ms, by: [container.id, proc.name] }
        { valueCount: { of: { priority: Critical }, field: fd.sport, atLeast: 10000 }, within: 1d }
        { absence: { seen: { rules: [A] }, missing: { rules: [2] } }, within: 10s }
        """)
    void bothAcceptEveryShapeOfWhen(String when) {
        String text = set(
                when,
                STEP,
                "{ cooldown: { per: pod, for: 1m }, budget: { steps: 2, per: 1m },"
                        + " blastRadius: { shareOfWorkload: 33% } }");

        assertThat(readerAccepts(text)).as(problems.all().toString()).isTrue();
        assertThat(schemaObjectsTo(text)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void bothAcceptEveryActionWithAllSortsOfParameters(ActionType type) throws JsonProcessingException {
        Random random = new Random(type.verb().hashCode());
        for (int round = 0; round < 50; round++) {
            // Given
            Map<String, Object> given = ActionSamples.given(type, random);
            given.entrySet().removeIf(entry -> entry.getValue().toString().contains("\u2028")); // no YAML in a line
            if (type.parameters().stream().anyMatch(one -> one.required() && !given.containsKey(one.name()))) {
                continue;
            }
            String text = set(WHEN, type.verb() + ": " + JACKSON.writeValueAsString(given), GUARDS);

            // When // Then
            assertThat(readerAccepts(text))
                    .as(text + problems.all().stream().map(Problem::render).toList())
                    .isTrue();
            assertThat(schemaObjectsTo(unquoted(text))).as(text).isEmpty();
        }
    }

    /** Numbers and truths were written as texts. */
    private static String unquoted(String text) {
        return text.replaceAll("\"(-?\\d{1,18}|true|false)\"(?=[,}])", "$1");
    }

    @ParameterizedTest(name = "{0} / {1} / {2}")
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
        {}                                                                       ¦ - ¦ -
        { where: proc.name = sh }                                                ¦ - ¦ -
        { detection: { rules: [A] }, any: [ { rules: [A] } ] }                   ¦ - ¦ -
        { detection: { rules: [A] }, within: 5m }                                ¦ - ¦ -
        { any: [ { rules: [A] } ], by: proc.name }                               ¦ - ¦ -
        { any: [] }                                                              ¦ - ¦ -
        { all: [ { rules: [A] }, { rules: [B] } ] }                              ¦ - ¦ -
        { sequence: [ { rules: [A] } ], within: 5m }                             ¦ - ¦ -
        { sequence: [ { rules: [A], within: 5m }, { rules: [B] } ], within: 5m } ¦ - ¦ -
        { count: { of: { rules: [A] } }, within: 5m }                            ¦ - ¦ -
        { count: { of: { rules: [A] }, atLeast: 1 }, within: 5m }                ¦ - ¦ -
        { valueCount: { of: { rules: [A] }, atLeast: 2 }, within: 5m }           ¦ - ¦ -
        { absence: { seen: { rules: [A] } }, within: 5m }                        ¦ - ¦ -
        { all: [ { rules: [A] }, { rules: [B] } ], within: 5 minutes }           ¦ - ¦ -
        { all: [ { rules: [A] }, { rules: [B] } ], within: 5 }                   ¦ - ¦ -
        { detection: { rule: [A] } }                                             ¦ - ¦ -
        { detection: { rules: A } }                                              ¦ - ¦ -
        { detection: { rules: [] } }                                             ¦ - ¦ -
        { detection: { rules: [A, A] } }                                         ¦ - ¦ -
        { detection: { tags: [ [] ] } }                                          ¦ - ¦ -
        { detection: { priority: Urgent } }                                      ¦ - ¦ -
        - ¦ process.kill: { scope: forest }                                      ¦ -
        - ¦ process.kill: { scop: tree }                                         ¦ -
        - ¦ process.slay: {}                                                     ¦ -
        - ¦ within: 5s                                                           ¦ -
        - ¦ process.kill: , process.suspend:                                     ¦ -
        - ¦ process.kill: , lane: fast                                           ¦ -
        - ¦ process.kill: , onFailure: panic                                     ¦ -
        - ¦ process.kill: , ask: { expires: 5m }                                 ¦ -
        - ¦ process.kill: , ask: { of: [a], otherwise: maybe }                   ¦ -
        - ¦ process.kill: , after: hold                                          ¦ -
        - ¦ pod.label:                                                           ¦ -
        - ¦ pod.label: { labels: {} }                                            ¦ -
        - ¦ pod.label: { labels: { a: "b c" } }                                  ¦ -
        - ¦ pod.label: { labels: { "a b": c } }                                  ¦ -
        - ¦ pod.terminate: { grace: 5 }                                          ¦ -
        - ¦ pod.terminate: { minHealthy: 101% }                                  ¦ -
        - ¦ pod.terminate: { ignoreStandalone: "no" }                            ¦ -
        - ¦ pod.script: { shell: /bin/sh }                                       ¦ -
        - ¦ pod.script: { script: id, file: /a }                                 ¦ -
        - ¦ pod.isolate: { deny: [1.2.3.4], allow: { dns: true } }               ¦ -
        - ¦ pod.isolate: { allow: { cidr: [1.2.3.4] } }                          ¦ -
        - ¦ pod.exec: { argv: id }                                               ¦ -
        - ¦ pod.exec: { argv: [] }                                               ¦ -
        - ¦ workload.scale: { replicas: -1 }                                     ¦ -
        - ¦ workload.scale: { replicas: many }                                   ¦ -
        - ¦ call.webhook: { url: "ftp://example.com" }                           ¦ -
        - ¦ call.webhook: { url: "https://${proc.name}/" }                       ¦ -
        - ¦ evidence.logs: { tail: 0 }                                           ¦ -
        - ¦ - ¦ { cooldown: { per: pot, for: 1m } }
        - ¦ - ¦ { cooldown: { per: pod } }
        - ¦ - ¦ { budget: { steps: 0, per: 1m } }
        - ¦ - ¦ { budget: { steps: 2 } }
        - ¦ - ¦ { blastRadius: {} }
        - ¦ - ¦ { blastRadius: { shareOfWorkload: half } }
        - ¦ - ¦ { blastRadius: { podsPerNamespace: 0 } }
        - ¦ - ¦ { budgets: {} }
        """)
    void bothRefuseAMistake(String when, String step, String guards) {
        String text = set(or(when, WHEN), or(step, STEP), or(guards, GUARDS));

        assertThat(readerAccepts(text)).as("the reader accepts it").isFalse();
        assertThat(schemaObjectsTo(text)).isNotEmpty();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '¦', textBlock = """
        mode: dry-run                    ¦ mode: dry
        onFailure: stop                  ¦ onFailure: [stop]
        continue: true                   ¦ continue: sometimes
        notify: [oncall]                 ¦ notify: oncall
        name: a-set                      ¦ name: A Set
        kind: ActionSet                  ¦ kind: Pod
        apiVersion: pounce.dev/v1        ¦ apiVersion: v1
        metadata:                        ¦ meta:
        mode: dry-run                    ¦ patience: 5s
        labels: { team: a }              ¦ labels: { team: [a] }
        """)
    void bothRefuseAMistakeAroundThem(String correct, String wrong) {
        String text = set(WHEN, STEP, GUARDS).replace(correct, wrong);

        assertThat(readerAccepts(text)).as("the reader accepts it").isFalse();
        assertThat(schemaObjectsTo(text)).isNotEmpty();
    }

    /** So that it is known what an editor will not say. */
    @ParameterizedTest(name = "{0} / {1}")
    @CsvSource(delimiter = '¦', textBlock = """
        { detection: {} }                                                        ¦ -
        { detection: { where: proc.nam = sh } }                                  ¦ -
        { detection: { priority: <Debug } }                                      ¦ -
        { all: [ { rules: [A] }, { rules: [B] } ], within: 9d }                  ¦ -
        { all: [ { rules: [A] }, { rules: [B] } ], within: 1m, by: proc.nam }    ¦ -
        - ¦ process.kill: , after: [later]
        - ¦ process.kill: , within: 0s
        - ¦ pod.terminate: { grace: 2h }
        - ¦ pod.isolate: { allow: { cidrs: [1.2.3.4/99] } }
        - ¦ pod.label: { labels: { a: "${proc.nam}" } }
        - ¦ pod.exec: { argv: [sh, -c, "rm ${proc.name}"] }
        """)
    void onlyTheReaderFindsWhatASchemaHasNoWordsFor(String when, String step) {
        String text = set(or(when, WHEN), or(step, STEP), GUARDS);

        assertThat(readerAccepts(text)).as("the reader accepts it").isFalse();
        assertThat(schemaObjectsTo(text)).isEmpty();
    }
}
