package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FalcoAlertsTest {

    private static final Instant NOW = Instant.parse("2026-11-23T16:00:00Z");
    private static final String FULL_ID = "0123456789abcdef".repeat(4);

    private final AtomicInteger next = new AtomicInteger();
    private final FalcoAlerts alerts = new FalcoAlerts(() -> "d-" + next.incrementAndGet(), () -> NOW);

    @Test
    void anAlertOfFalcoBecomesADetection() {
        // When
        Detection detection = good("""
                {"hostname":"node-7","output":"15:04:05.678901234: Warning Shell in a container (user=root)",
                 "output_fields":{"container.id":"0123456789ab","evt.time":1795446245678901234,"proc.name":"sh"},
                 "priority":"Warning","rule":"Terminal shell","source":"syscall","tags":["shell","container"],
                 "time":"2026-11-23T15:04:05.678901234Z"}""").detection();

        // Then
        assertThat(detection.id()).isEqualTo("d-1");
        assertThat(detection.time()).isEqualTo(Instant.parse("2026-11-23T15:04:05.678901234Z"));
        assertThat(detection.rule()).isEqualTo("Terminal shell");
        assertThat(detection.source()).isEqualTo("syscall");
        assertThat(detection.priority()).isEqualTo(Priority.WARNING);
        assertThat(detection.tags()).containsExactly("container", "shell");
        assertThat(detection.output()).isEqualTo("Shell in a container (user=root)");
        assertThat(detection.fields())
                .containsEntry("proc.name", "sh")
                .containsEntry("evt.time", 1795446245678901234L)
                .hasSize(3);
        assertThat(detection.assets()).containsExactly(new NodeRef("node-7"));
    }

    @Test
    void whatFalcoMayLeaveOutMayBeMissingOrNull() {
        // When
        Detection bare = good("{\"rule\":\"R\",\"priority\":\"info\"}").detection();
        Detection nulls = good("""
                {"rule":"R","priority":"INFORMATIONAL","output":null,"source":null,"hostname":null,"time":null,"tags":null,
                 "output_fields":null,"uuid":null}""").detection();

        // Then
        for (Detection detection : Arrays.asList(bare, nulls)) {
            assertThat(detection.priority()).isEqualTo(Priority.INFORMATIONAL);
            assertThat(detection.source()).isEqualTo("syscall");
            assertThat(detection.time()).isEqualTo(NOW);
            assertThat(detection.output()).isEmpty();
            assertThat(detection.fields()).isEmpty();
            assertThat(detection.assets()).isEmpty();
        }
    }

    @Test
    void keysThatAreNotKnownAreIgnored() {
        // When
        Detection detection = good("""
                {"rule":"R","priority":"Debug","templated_fields":{"a":[1,{"b":2}]},"context":{"x":"y"},"version":3}""").detection();

        // Then
        assertThat(detection.fields()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-23T15:04:05Z, 2026-11-23T15:04:05Z",
        "2026-11-23T17:04:05.5+02:00, 2026-11-23T15:04:05.5Z",
        "2026-11-23T07:04:05.000000001-08:00, 2026-11-23T15:04:05.000000001Z",
        "0001-01-01T00:00:00Z, 2026-11-23T16:00:00Z"
    })
    void aTimeMayHaveAnyOffsetAndGosZeroTimeIsNone(String text, Instant expected) {
        assertThat(good("{\"rule\":\"R\",\"priority\":\"Debug\",\"time\":\"" + text + "\"}")
                        .detection()
                        .time())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "15:04:05.678901234: Warning  It happened",
                "15:04:05.678901234: Warning It happened",
                "2026-11-23T15:04:05.678901234+0000: Warning It happened",
                "2026-11-23T15:04:05.678901234Z: Critical It happened",
                " It happened",
                "It happened"
            })
    void falcosTimeAndPriorityAreNoPartOfTheOutput(String output) {
        assertThat(FalcoAlerts.withoutPrefix(output).strip()).isEqualTo("It happened");
    }

    @Test
    void valuesKeepTheirTypes() {
        // When
        Detection detection = good("""
                {"rule":"R","priority":"Debug","output_fields":{"int":42,"negative":-1,"long":9223372036854775807,
                 "huge":18446744073709551615,"double":0.5,"tiny":1e400,"yes":true,"none":null,
                 "list":["a",1,null,[2]],"object":{ "a" : [ 1, "b" ] }}}""").detection();

        // Then
        assertThat(detection.fields())
                .containsEntry("int", 42L)
                .containsEntry("negative", -1L)
                .containsEntry("long", Long.MAX_VALUE)
                .containsEntry("huge", new BigInteger("18446744073709551615"))
                .containsEntry("double", 0.5)
                .containsEntry("tiny", new BigDecimal("1e400"))
                .containsEntry("yes", true)
                .containsEntry("none", null)
                .containsEntry("list", Arrays.asList("a", 1L, null, Arrays.asList(2L)))
                .containsEntry("object", "{\"a\":[1,\"b\"]}");
    }

    @Test
    void aPodIsNamedByItsNamespaceNameAndUid() {
        // When
        Detection detection = withFields("""
                "k8s.ns.name":"shop","k8s.pod.name":"cart-0","k8s.pod.uid":"8c1e0a4e-5f2c-4f6f-9f57-4d0a8f0c1a11",
                "container.full_id":"%s","container.id":"0123456789ab","proc.pid":4711""".formatted(FULL_ID));

        // Then: and no process, for a pid alone may be anybody's by now
        assertThat(detection.assets())
                .containsExactly(
                        new ContainerRef(new NodeRef("node-7"), FULL_ID),
                        new PodRef("shop", "cart-0", Optional.of("8c1e0a4e-5f2c-4f6f-9f57-4d0a8f0c1a11")),
                        new NodeRef("node-7"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"k8s.ns.name\":\"<NA>\",\"k8s.pod.name\":\"<NA>\"",
                "\"k8s.ns.name\":null,\"k8s.pod.name\":\"cart-0\"",
                "\"k8s.ns.name\":\"shop\",\"k8s.pod.name\":42",
                "\"k8s.ns.name\":\"../kube-system\",\"k8s.pod.name\":\"cart-0\"",
                "\"container.id\":\"host\"",
                "\"container.id\":\"0123456789ab\"",
                "\"ka.target.resource\":\"secrets\",\"ka.target.name\":\"<NA>/x\"",
                "\"ka.target.resource\":\"secrets\",\"ka.target.name\":\"..\""
            })
    void whatNamesNothingExactlyIsNoAsset(String fields) {
        assertThat(withFields(fields).assets()).containsExactly(new NodeRef("node-7"));
    }

    @Test
    void anAuditEventSpeaksOfTheObjectAndOfAPodOnlyIfThatIsIt() {
        assertThat(withFields("""
                        "ka.target.resource":"secrets","ka.target.namespace":"shop","ka.target.name":"db"
                        """).assets())
                .containsExactly(new ObjectRef("secrets", Optional.of("shop"), "db"), new NodeRef("node-7"));
        assertThat(withFields("""
                        "ka.target.resource":"pods","ka.target.namespace":"shop","ka.target.name":"cart-0"
                        """).assets())
                .startsWith(
                        new PodRef("shop", "cart-0", Optional.empty()),
                        new ObjectRef("pods", Optional.of("shop"), "cart-0"));
        assertThat(withFields("""
                        "ka.target.resource":"clusterroles","ka.target.namespace":null,"ka.target.name":"system:x"
                        """).assets()).startsWith(new ObjectRef("clusterroles", Optional.empty(), "system:x"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | an empty body",
                "{} | no rule",
                "null | null",
                "[] | an array",
                "[{`r`:1}] | an array",
                "42 | a number",
                "'x' | a string",
                "{'rule': | Unexpected end-of-input",
                "hello | Unrecognized token",
                "{'rule':'R','priority':'Debug'} }}} garbage | Unexpected close marker '}'",
                "{'rule':'R','priority':'Debug'} garbage | Unrecognized token",
                "{'rule':'R','priority':'Debug'}{'rule':'S','priority':'Debug'} | a second object after the alert",
                "{'rule':'R','rule':'S','priority':'Debug'} | Duplicate field 'rule'",
                "{'rule':'R','priority':'Debug','output_fields':{'a':1,'a':2}} | Duplicate field 'a'",
                "{'rule':'R'} | no priority",
                "{'rule':'R','priority':'Bad'} | 'Bad' as priority",
                "{'rule':'R','priority':4} | a number as priority",
                "{'rule':' ','priority':'Debug'} | no rule",
                "{'rule':['R'],'priority':'Debug'} | an array as rule",
                "{'rule':'R','priority':'Debug','time':'yesterday'} | 'yesterday' as time",
                "{'rule':'R','priority':'Debug','time':'2026-11-23T15:04:05'} | '2026-11-23T15:04:05' as time",
                "{'rule':'R','priority':'Debug','time':'2300-01-01T00:00:00Z'} | '2300-01-01T00:00:00Z' as time",
                "{'rule':'R','priority':'Debug','time':5} | a number as time",
                "{'rule':'R','priority':'Debug','output_fields':'x'} | a string as output_fields",
                "{'rule':'R','priority':'Debug','output_fields':[]} | an array as output_fields",
                "{'rule':'R','priority':'Debug','tags':'x'} | a string as tags",
                "{'rule':'R','priority':'Debug','tags':[1]} | a number as tags"
            })
    void whatIsNoAlertIsRefusedWithWords(String body, String found) {
        // When
        Refusal refusal = bad(body.replace('\'', '"').replace('`', '"'));

        // Then
        assertThat(refusal.status()).isEqualTo(400);
        assertThat(refusal.found().replace('"', '\'')).startsWith(found);
        assertThat(refusal.expected()).isNotEmpty();
    }

    @Test
    void nestingHasAnEnd() {
        // Given
        String deep = "{\"a\":".repeat(20_000) + "1" + "}".repeat(20_000);

        // When
        Refusal refusal = bad("{\"rule\":\"R\",\"priority\":\"Debug\",\"output_fields\":" + deep + "}");
        Refusal ignored = bad("{\"rule\":\"R\",\"priority\":\"Debug\",\"other\":" + deep + "}");

        // Then
        assertThat(refusal.found()).contains("nesting depth");
        assertThat(ignored.found()).contains("nesting depth");
    }

    @Test
    void aRefusalIsJsonWhateverWasSent() {
        // Given
        Refusal refusal = bad("{\"rule\":\"R\",\"priority\":\"a\\\"b\\u0001" + "x".repeat(5_000) + "\"}");

        // When
        String json = refusal.json();

        // Then
        assertThat(json).startsWith("{\"error\":\"found 'a\\\"b\\u0001xxx").hasSizeLessThan(1_500);
    }

    @Test
    void theSameAlertHasTheSameKeyAndOneThatDiffersAnywhereHasAnother() {
        // Given
        String alert = """
                {"rule":"R","priority":"Debug","time":"2026-11-23T15:04:05Z","hostname":"n","source":"s","tags":["a","b"],
                 "output":"text","output_fields":{"x":1,"k8s.pod.name":"a"}}""";

        // When
        AlertKey key = good(alert).key();

        // Then
        assertThat(good(alert).key()).isEqualTo(key);
        assertThat(good(alert.replace("\"x\":1,\"k8s.pod.name\":\"a\"", "\"k8s.pod.name\":\"a\",\"x\":1"))
                        .key())
                .as("order of the keys")
                .isEqualTo(key);
        assertThat(good(alert.replace("15:04:05Z", "16:04:05+01:00")).key())
                .as("the same moment")
                .isEqualTo(key);
        assertThat(good(alert.replace("\"a\"}", "\"b\"}")).key())
                .as("the same text about another pod")
                .isNotEqualTo(key);
        for (String[] other : new String[][] {
            {"\"R\"", "\"S\""},
            {"Debug", "Notice"},
            {"05Z", "06Z"},
            {"\"n\"", "\"m\""},
            {"\"s\"", "\"t\""},
            {"\"a\",\"b\"", "\"a\""},
            {"text", "other"},
            {":1", ":\"1\""},
            {":1", ":1.0"},
            {":1", ":null"}
        }) {
            assertThat(good(alert.replace(other[0], other[1])).key())
                    .as(other[1])
                    .isNotEqualTo(key);
        }
    }

    @Test
    void anIdOfTheSenderDecidesAloneAndWithoutATimeEachIsNew() {
        // Given
        String one = "{\"rule\":\"R\",\"priority\":\"Debug\",\"uuid\":\"u-1\"}";

        // Then
        assertThat(good(one).key()).isEqualTo(good(one).key());
        assertThat(good(one.replace("u-1", "u-2")).key()).isNotEqualTo(good(one).key());
        String without = "{\"rule\":\"R\",\"priority\":\"Debug\"}";
        assertThat(good(without).key()).isNotEqualTo(good(without).key());
        assertThat(AlertKey.parse(good(one).key().toString()))
                .hasValue(good(one).key());
        assertThat(AlertKey.parse("no key")).isEmpty();
    }

    private Detection withFields(String fields) {
        return good("{\"rule\":\"R\",\"priority\":\"Debug\",\"hostname\":\"node-7\",\"output_fields\":{" + fields
                        + "}}")
                .detection();
    }

    private Alert good(String json) {
        FalcoAlerts.Read read = alerts.read(json.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(FalcoAlerts.Read.Good.class);
        return ((FalcoAlerts.Read.Good) read).alert();
    }

    private Refusal bad(String json) {
        FalcoAlerts.Read read = alerts.read(json.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(FalcoAlerts.Read.Bad.class);
        return ((FalcoAlerts.Read.Bad) read).why();
    }
}
