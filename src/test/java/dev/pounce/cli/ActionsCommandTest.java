package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.ActionType;
import dev.pounce.action.Parameter;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class ActionsCommandTest {

    private static String printed(Object command, String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true))
                .setExecutionExceptionHandler((problem, failed, parsed) -> {
                    throw problem;
                });
        assertThat(line.execute(arguments)).isZero();
        return out.toString();
    }

    @Test
    void theListNamesEveryAction() {
        assertThat(printed(new ActionsCommand(), "list").lines().skip(1))
                .hasSameSizeAs(ActionType.values())
                .anySatisfy(line -> assertThat(line)
                        .isEqualToNormalizingWhitespace("process.suspend process process.resume"
                                + " Stops a process where it stands, with SIGSTOP; its memory stays to be looked at."));
    }

    @Test
    void showPrintsWhatIsNeededToWriteTheStep() {
        assertThat(printed(new ActionsCommand(), "show", "pod.isolate"))
                .contains("  target  pod\n")
                .contains("  undo    let it through again, and remove the policy\n")
                .contains(
                        "    for: when this time has passed, it is released\n        a time from 1s to 30d, default 1h\n")
                .contains("        dns: the cluster's name service\n")
                .contains("    at most one of allow, deny\n")
                .contains(
                        "    get, create, patch, delete networkpolicies.networking.k8s.io (with engine networkpolicy)\n");
    }

    @ParameterizedTest
    @EnumSource
    void asJsonEachActionHasAllItsParametersAndRights(ActionType type) throws JsonProcessingException {
        // When
        JsonNode json = new ObjectMapper().readTree(printed(new ActionsCommand(), "show", type.verb(), "-o", "json"));

        // Then
        assertThat(json.path("action").asText()).isEqualTo(type.verb());
        assertThat(json.path("parameters").findValuesAsText("name"))
                .containsAll(type.parameters().stream().map(Parameter::name).toList());
        assertThat(json.path("rights")).hasSameSizeAs(type.rights());
    }

    @Test
    void aMisspeltActionIsAnsweredWithTheOneThatWasMeant() {
        assertThatThrownBy(() -> {
                    ActionsCommand.Show show = new ActionsCommand.Show();
                    show.verb = "pod.isolat";
                    show.call();
                })
                .isInstanceOf(Refusal.class)
                .hasMessage("there is no action 'pod.isolat'; did you mean 'pod.isolate'?");
    }
}
