package dev.pounce;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.cli.Pounce;
import dev.pounce.cluster.RealCluster;
import dev.pounce.cluster.RealCluster.Ran;
import dev.pounce.detection.language.Rule;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.intake.AdmissionServer;
import dev.pounce.intake.Listening;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.testing.ACertificate;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A real API server asks us about the action sets that somebody applies, and says to kubectl what we say of them. */
@Timeout(60)
class AdmissionIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final Pattern PROBLEM =
            Pattern.compile("(?m)^.*?:\\d+:\\d+: (?:error|warning): (.*(?:\\R {4}.*)?)$");
    private static final String RULES = """
            - rule: Shell in a pod
              desc: A shell
              condition: evt.type = execve and proc.name = sh
              output: a shell
              priority: NOTICE
            """;
    private static final Vertx VERTX = Vertx.vertx();

    @TempDir
    static Path folder;

    private static List<String> defined = List.of();
    private static AdmissionServer server;

    @BeforeAll
    static void judge() throws IOException {
        // Where it listens it can reach us, too, if it is on this machine.
        String address = URI.create(RealCluster.kubectlAnywhere(
                        "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"))
                .getHost();
        Assumptions.assumeTrue(
                NetworkInterface.getByInetAddress(InetAddress.getByName(address)) != null,
                "the API server is not on this machine, and could not reach us");
        Files.writeString(folder.resolve("rules.yaml"), RULES);
        RuleSet rules = RuleFileReader.load(List.of(folder.resolve("rules.yaml")))
                .rules()
                .orElseThrow();
        ActionSetReader reader = new ActionSetReader(
                Policy.whereIn(rules),
                Optional.of(rules.rules().stream().map(Rule::name).collect(Collectors.toSet())));
        ActionSetResources resources = new ActionSetResources(() -> reader, name -> name.equals(name("taken")));
        ACertificate certificate = ACertificate.of("ip:" + address);
        certificate.into(folder);
        server = AdmissionServer.start(
                VERTX,
                new AdmissionServer.Settings(
                        new InetSocketAddress(address, 0),
                        new Listening.Tls(folder.resolve("tls.crt"), folder.resolve("tls.key"))),
                new ActionSetAdmission(
                        resources,
                        set -> set.name().equals(name("lacking")) ? List.of("no right to do it") : List.of()));
        defined = RealCluster.define();
        CLUSTER.apply("""
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingWebhookConfiguration
                metadata: { name: %1$s }
                webhooks:
                  - name: actionsets.pounce.dev
                    clientConfig: { url: "https://%2$s:%3$d%4$s", caBundle: %5$s }
                    rules: [{ apiGroups: [pounce.dev], apiVersions: [v1], resources: [actionsets], operations: [CREATE, UPDATE], scope: Cluster }]
                    objectSelector: { matchLabels: { of: %1$s } }
                    failurePolicy: Fail
                    sideEffects: None
                    admissionReviewVersions: [v1]
                """.formatted(
                        CLUSTER.namespace(),
                        address,
                        server.port(),
                        AdmissionServer.PATH,
                        Base64.getEncoder().encodeToString(certificate.chain().getBytes(UTF_8))));
        // It takes a moment until the API server goes by it.
        String broken = file("first", "  steps: [{ id: stop, after: [none], process.kill: {} }]");
        RealCluster.until(
                "the API server asks us",
                () -> RealCluster.tryKubectl("apply", "--dry-run=server", "-f", broken)
                                .exit()
                        != 0);
    }

    @AfterAll
    static void leaveNothing() {
        RealCluster.tryKubectl("delete", "validatingwebhookconfiguration", CLUSTER.namespace(), "--ignore-not-found");
        if (server != null) {
            server.close();
        }
        VERTX.close().toCompletionStage().toCompletableFuture().join();
        deleteSets();
        RealCluster.forget(defined);
    }

    @AfterEach
    void delete() {
        deleteSets();
    }

    private static void deleteSets() {
        RealCluster.tryKubectl("delete", "actionsets", "-l", "of=" + CLUSTER.namespace());
    }

    @Test
    void aSetWithErrorsIsRefusedInTheWordsOfCheck() {
        // Given: what the schema in the cluster does not know to be wrong
        String file = file("broken", """
                    when:
                      detection: { rules: [Shell in a pot], where: proc.nmae = sh }
                    steps:
                      - { id: cut, after: [hold], pod.isolate: { for: 1h } }
                  """);

        // When
        Ran applied = apply(file);

        // Then
        List<String> said = wordsOfCheck(file);
        assertThat(said).hasSize(3);
        assertThat(applied.exit()).isNotZero();
        assertThat(inOneLine(applied.said()))
                .contains(said.stream().map(AdmissionIT::inOneLine).toList())
                .contains("spec.when.detection.where: ", "spec.steps[0].after[0]: ");
        assertThat(isThere("broken")).isFalse();
    }

    private static boolean isThere(String name) {
        return RealCluster.tryKubectl("get", "actionset", name(name)).exit() == 0;
    }

    @Test
    void aGoodSetIsTakenWithoutAWord() {
        // Given
        String file = file("good", "  steps: [{ id: stop, process.kill: {} }]");

        // When
        Ran applied = apply(file);

        // Then
        assertThat(wordsOfCheck(file)).isEmpty();
        assertThat(applied.exit()).isZero();
        assertThat(applied.said()).doesNotContain("Warning");
        assertThat(isThere("good")).isTrue();
    }

    @Test
    void warningsAreShownAndDoNotRefuse() {
        // Given
        String file = file("dubious", """
                    when: { detection: { rules: [Shell in a pot] } }
                    steps: [{ id: stop, process.kill: {} }]
                  """);

        // When
        Ran applied = apply(file);

        // Then
        assertThat(applied.exit()).isZero();
        assertThat(wordsOfCheck(file)).hasSize(1);
        assertThat(applied.said())
                .contains("Warning: spec.when.detection.rules[0]: "
                        + wordsOfCheck(file).getFirst().replaceAll("\\R\\s*", "; "));
    }

    @Test
    void whoAppliesASetIsToldWhyItWillNotAct() {
        // Given
        String file = file("lacking", "  steps: [{ id: stop, process.kill: {} }]");

        // When
        Ran applied = apply(file);

        // Then
        assertThat(applied.exit()).isZero();
        assertThat(applied.said())
                .contains("Warning: action set '" + name("lacking") + "' will not be armed: no right to do it");
    }

    @Test
    void aNameThatAFileOfTheEngineHasIsRefused() {
        // When
        Ran applied = apply(file("taken", "  steps: [{ id: stop, process.kill: {} }]"));

        // Then
        assertThat(applied.exit()).isNotZero();
        assertThat(applied.said()).contains("metadata.name", "a name that no action set in a file of the engine has");
    }

    @Test
    void whatIsThereIsChangedOnlyIntoWhatIsRightAndStays() {
        // Given
        apply(file("good", "  steps: [{ id: stop, process.kill: {} }]"));

        // When
        Ran changed = apply(file("good", "  steps: [{ id: stop, after: [none], process.kill: {} }]"));

        // Then
        assertThat(changed.exit()).isNotZero();
        assertThat(RealCluster.kubectlAnywhere(
                        "get", "actionset", name("good"), "-o", "jsonpath={.spec.steps[0].after}"))
                .isEmpty();
    }

    private static Ran apply(String file) {
        return RealCluster.tryKubectl("apply", "-f", file);
    }

    private static String name(String name) {
        return CLUSTER.namespace() + "-" + name;
    }

    /** @param spec without {@code mode}; when of a detection if it says none */
    private static String file(String name, String spec) {
        try {
            Path file = folder.resolve(name + ".yaml");
            String when = spec.contains("when:") ? "" : "  when: { detection: { rules: [Shell in a pod] } }\n";
            Files.writeString(
                    file,
                    "apiVersion: pounce.dev/v1\nkind: ActionSet\nmetadata: { name: %s, labels: { of: %s } }\nspec:\n  mode: observe\n"
                                    .formatted(name(name), CLUSTER.namespace())
                            + when + spec + "\n");
            return file.toString();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    /** What {@code pounce check} prints of that file, without where. */
    private static List<String> wordsOfCheck(String file) {
        StringWriter out = new StringWriter();
        new CommandLine(new Pounce())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true))
                .execute("check", folder.resolve("rules.yaml").toString(), file);
        List<String> words = new ArrayList<>();
        Matcher problem = PROBLEM.matcher(out.toString());
        while (problem.find()) {
            words.add(problem.group(1));
        }
        return words;
    }

    private static String inOneLine(String text) {
        return text.replaceAll("; |\\R", " ").replaceAll(" +", " ");
    }
}
