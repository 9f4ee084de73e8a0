package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.intake.AdmissionServer.Judge.Answer;
import dev.pounce.intake.Refusal;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class ActionSetAdmissionTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String GOOD = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: mark }
            spec:
              mode: enforce
              when: { detection: { rules: [Terminal shell in container] } }
              steps: [{ id: stop, process.kill: {} }]
            """;

    private final List<String> armingAsked = new ArrayList<>();
    private List<String> lacking = List.of();
    private final ActionSetReader reader =
            new ActionSetReader(Policy.whereIn(RuleSet.empty()), Optional.of(Set.of("Terminal shell in container")));
    private final ActionSetAdmission admission =
            new ActionSetAdmission(new ActionSetResources(() -> reader, "taken"::equals), this::whyNotArmed);

    private List<String> whyNotArmed(ActionSet set) {
        armingAsked.add(set.name());
        return lacking;
    }

    @Test
    void aGoodSetIsAllowedAndTheAnswerSaysToWhichReviewItBelongs() {
        // When
        JsonNode review = answer(review("CREATE", GOOD));

        // Then
        assertThat(review.path("apiVersion").asText()).isEqualTo("admission.k8s.io/v1");
        assertThat(review.path("kind").asText()).isEqualTo("AdmissionReview");
        assertThat(review.path("response").toString()).isEqualTo("{\"uid\":\"u-1\",\"allowed\":true}");
        assertThat(armingAsked).containsExactly("mark");
    }

    /** What kubectl makes JSON of, so that line and column are lost, and nothing else may be. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "process.kill: { signal: KILLL }",
                "pod.label: { labels: { \"not a key!\": x } }",
                "pod.exec: { argv: [sh, -c, \"${proc.name}\"] }",
                "process.kil: {}",
                "process.kill: {}, within: 5 minutes",
                "process.kill: {}, after: [nobody]",
                "process.kill: {}, retries: 3",
                "workload.scale: { replicas: -1 }",
                "process.kill: {}, pod.terminate: {}"
            })
    void whatIsWrongIsSaidInTheWordsOfCheck(String step) {
        saysWhatCheckSays(GOOD.replace("process.kill: {}", step));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ detection: { rules: [A], where: \"proc.name = = x\" } }",
                "{ detection: { rules: [A], where: \"proc.nam = x\" } }",
                "{ detection: { rules: [A], where: \"proc.name = x and\\nproc.nam = y\" } }",
                "{ detection: { rules: [] } }",
                "{ sequence: [] }",
                "{ count: { detection: { rules: [A] } } }",
                "[]"
            })
    void soIsWhatIsWrongWithItsTrigger(String when) {
        saysWhatCheckSays(GOOD.replace("{ detection: { rules: [Terminal shell in container] } }", when));
    }

    private void saysWhatCheckSays(String yaml) {
        // Given
        Problems problems = new Problems();
        reader.read("file.yaml", yaml, problems);
        List<String> words = problems.all().stream()
                .filter(Problem::isError)
                .map(Problem::words)
                .toList();
        assertThat(words).isNotEmpty();

        // When
        JsonNode response = answer(review("CREATE", yaml)).path("response");

        // Then
        assertThat(response.path("allowed").asBoolean(true)).isFalse();
        assertThat(response.at("/status/code").asInt()).isEqualTo(422);
        assertThat(response.at("/status/reason").asText()).isEqualTo("Invalid");
        assertThat(response.at("/status/details/causes").findValuesAsText("message"))
                .containsExactlyInAnyOrderElementsOf(words);
        assertThat(response.at("/status/details/causes").findValuesAsText("field"))
                .allSatisfy(field -> assertThat(field).startsWith("spec"));
        assertThat(response.at("/status/message").asText()).contains(words);
        assertThat(armingAsked).isEmpty();
    }

    @Test
    void eachErrorNamesItsFieldAndInATextItsPlace() {
        // Given
        String yaml = GOOD.replace(
                        "rules: [Terminal shell in container]", "where: \"proc.name = x and\\n  proc.nam = y\"")
                .replace(
                        "steps: [{ id: stop, process.kill: {} }]",
                        "steps: [{ id: stop, process.kill: {} }, { id: stop, pod.label: { labels: { \"a b\": \"x\" } } }]");

        // When
        JsonNode causes = answer(review("CREATE", yaml)).at("/response/status/details/causes");

        // Then
        assertThat(causes.findValuesAsText("field"))
                .contains("spec.when.detection.where:2:3", "spec.steps[1].id")
                .anyMatch(field -> field.startsWith("spec.steps[1].pod.label.labels[a b]"));
        assertThat(causes.findValuesAsText("message"))
                .contains(
                        "found a second step with the id 'stop', expected each id once; the first is at spec.steps[0].id");
    }

    @Test
    void ofManyErrorsTheFirstAreSaidAndHowManyMoreThereAre() {
        // Given
        String steps = IntStream.range(0, 70)
                .mapToObj(step -> "{ id: s" + step + ", process.kill: {}, after: [" + "n".repeat(2_000) + "] }")
                .collect(Collectors.joining(", "));

        // When
        JsonNode status = answer(review("CREATE", GOOD.replace("{ id: stop, process.kill: {} }", steps)))
                .at("/response/status");

        // Then
        JsonNode causes = status.at("/details/causes");
        assertThat(causes).hasSize(51);
        assertThat(causes.get(49).path("field").asText()).isEqualTo("spec.steps[49].after[0]");
        assertThat(causes.get(49).path("message").asText()).hasSize(1_000).endsWith("n…");
        assertThat(causes.get(50).path("message").asText()).isEqualTo("and 20 more");
        assertThat(status.path("message").asText().lines())
                .hasSize(51)
                .endsWith("and 20 more")
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(1_000));
    }

    @Test
    void ofManyWarningsToo() {
        // Given
        lacking = Collections.nCopies(51, "no right");

        // When
        JsonNode warnings = answer(review("CREATE", GOOD)).at("/response/warnings");

        // Then
        assertThat(warnings).hasSize(51);
        assertThat(warnings.get(50).asText()).isEqualTo("and 1 more");
    }

    @Test
    void warningsDoNotRefuseAndAreOneLineEach() {
        // When
        JsonNode response = answer(review("CREATE", GOOD.replace("mode: enforce", "mode: ask")))
                .path("response");

        // Then
        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.path("warnings")).hasSize(1);
        assertThat(response.at("/warnings/0").asText())
                .startsWith("spec.mode: found mode ask, expected observe, dry-run or enforce")
                .contains("; its steps will be planned and refused")
                .doesNotContain("\n");
    }

    @Test
    void whatTheEngineMayNotDoIsAWarningAndNoRefusal() {
        // Given
        lacking = List.of("the engine may not patch pods");

        // When
        JsonNode response = answer(review("CREATE", GOOD)).path("response");

        // Then
        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.at("/warnings/0").asText())
                .isEqualTo("action set 'mark' will not be armed: the engine may not patch pods");
    }

    @Test
    void aNameThatAFileOfTheEngineHasIsRefused() {
        // When
        JsonNode response = answer(review("CREATE", GOOD.replace("name: mark", "name: taken")))
                .path("response");

        // Then
        assertThat(response.path("allowed").asBoolean(true)).isFalse();
        assertThat(response.at("/status/message").asText())
                .isEqualTo("metadata.name: found action set 'taken',"
                        + " expected a name that no action set in a file of the engine has");
    }

    @Test
    void whatIsBrokenInTheClusterMayBeChangedElsewhereThanInItsSpec() {
        // Given
        String broken = GOOD.replace("process.kill: {}", "process.kil: {}");
        ObjectNode same = review("UPDATE", broken);
        ((ObjectNode) same.path("request")).set("oldObject", json(broken));
        ObjectNode other = review("UPDATE", broken.replace("kil:", "kill: {}, within:"));
        ((ObjectNode) other.path("request")).set("oldObject", json(broken));

        // When / Then
        assertThat(answer(same).at("/response/allowed").asBoolean()).isTrue();
        assertThat(answer(same).at("/response/warnings/0").asText()).contains("process.kil");
        assertThat(answer(other).at("/response/allowed").asBoolean(true)).isFalse();
    }

    @Test
    void deletionsStatusesAndOtherResourcesAreNotItsBusiness() {
        // Given
        String broken = GOOD.replace("process.kill: {}", "process.kil: {}");
        ObjectNode status = review("UPDATE", broken);
        ((ObjectNode) status.path("request")).put("subResource", "status");
        ObjectNode other = review("CREATE", broken);
        ((ObjectNode) other.at("/request/resource")).put("resource", "containments");

        // When / Then
        for (ObjectNode review : List.of(review("DELETE", broken), status, other)) {
            assertThat(answer(review).at("/response/allowed").asBoolean()).isTrue();
        }
    }

    @Test
    void aDryRunIsJudgedAsTheRealThing() {
        // Given
        ObjectNode good = review("CREATE", GOOD);
        ObjectNode bad = review("CREATE", GOOD.replace("process.kill: {}", "process.kil: {}"));
        for (ObjectNode review : List.of(good, bad)) {
            String real = answer(review).toString();

            // When
            ((ObjectNode) review.path("request")).put("dryRun", true);

            // Then
            assertThat(answer(review)).hasToString(real);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[]",
                "\"x\"",
                "{}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\",\"request\":{\"uid\":\"u\"}}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":7}}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u\"}} x"
            })
    void whatIsNoReviewIsRefusedInClearWords(String body) {
        // When
        Answer answer = admission.answerTo(body.getBytes(StandardCharsets.UTF_8));

        // Then
        assertThat(answer).isInstanceOfSatisfying(Answer.Bad.class, bad -> assertThat(bad.why())
                .returns(400, Refusal::status)
                .returns("an AdmissionReview of admission.k8s.io/v1", Refusal::expected)
                .extracting(Refusal::found)
                .asString()
                .isNotBlank());
    }

    @Test
    void aReviewThatIsDeeperThanAnythingIsRefused() {
        assertThat(admission.answerTo("[".repeat(100_000).getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(Answer.Bad.class);
    }

    private JsonNode answer(JsonNode review) {
        Answer answer = admission.answerTo(review.toString().getBytes(StandardCharsets.UTF_8));
        try {
            return JSON.readTree(((Answer.Given) answer).json());
        } catch (JsonProcessingException broken) {
            throw new AssertionError(broken);
        }
    }

    private static ObjectNode review(String operation, String yaml) {
        ObjectNode review =
                JSON.createObjectNode().put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
        ObjectNode request = review.putObject("request").put("uid", "u-1").put("operation", operation);
        request.putObject("resource")
                .put("group", "pounce.dev")
                .put("version", "v1")
                .put("resource", "actionsets");
        request.set("object", json(yaml));
        return review;
    }

    private static JsonNode json(String yaml) {
        return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(yaml));
    }
}
