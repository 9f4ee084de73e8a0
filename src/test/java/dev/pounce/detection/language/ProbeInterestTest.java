package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.probe.ProbeFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProbeInterestTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fd.name = /etc/shadow | shadow",
                "fd.name in (/etc/shadow, /etc/sudoers) | shadow,sudoers",
                "fd.name startswith /var/tmp/sensor-load/LAT- | sensor-load",
                "fd.name startswith /root/.ssh | root",
                "fd.directory = /etc/sudoers.d | sudoers.d",
                "fd.directory startswith /a/b/c | b",
                "fd.filename in (id_rsa, id_dsa) | id_rsa,id_dsa",
                "fd.name contains /.ssh/ | .ssh",
                "fd.name endswith /token | token",
                "fd.name pmatch (/run/secrets, /etc/kub*/pki) | secrets,pki",
                "fd.name glob /home/*/.aws/* | .aws",
                "fd.name = /a/x and fd.name in (/b/y, /b/z) | x",
                "fd.name = /a/x or fd.name endswith /y | x,y",
                "fd.name = /a/x and not fd.name = /b/y | x",
                "not (not fd.name = /a/x or proc.name = y) | x",
                "fd.name = /a/x and proc.name contains allof (a, b) | x",
            })
    void findsTheNamesOfWhichOneHasToBeInThePath(String condition, String names) {
        ProbeFilter filter = filter("evt.type in (open, openat) and (" + condition + ")");

        assertThat(filter.everyOpen()).isFalse();
        assertThat(filter.openNames()).containsExactlyInAnyOrder(names.split(","));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "proc.name = x",
                "fd.name != /etc/shadow",
                "not fd.name = /etc/shadow",
                "fd.name contains shadow",
                "fd.name endswith token",
                "fd.name startswith /x",
                "fd.name = /a/x or proc.name = y",
                "fd.name icontains /.ssh/",
                "fd.name glob *x*",
                "fd.name exists",
                "fd.name = val(proc.exepath)",
                "tolower(fd.name) = /etc/shadow",
                "fd.filename startswith id_",
                "fd.directory = /",
            })
    void asksForEveryOpenWhenTheConditionSaysTooLittle(String condition) {
        assertThat(filter("evt.type = openat and (" + condition + ")").everyOpen())
                .isTrue();
    }

    @Test
    void asksForNoOpensWhenNoRuleCanMatchAny() {
        ProbeFilter filter = filter("evt.type = execve and proc.name = sh");

        assertThat(filter.opens()).isFalse();
        assertThat(filter.connects()).isFalse();
        assertThat(filter.failedExecs()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "evt.type = execve and evt.rawres >= 0, false",
        "evt.type = execve and evt.res = SUCCESS, false",
        "evt.type = execve and evt.failed = false, false",
        "evt.type = execve and (evt.rawres = 0 or evt.rawres > 5), false",
        "evt.type = execve and (evt.rawres >= 0 or proc.name = x), true",
        "evt.type = execve and evt.rawres >= -2, true",
        "evt.type = execve and not evt.rawres >= 0, true",
        "evt.type = execve and evt.res != SUCCESS, true",
    })
    void asksForFailedExecsUnlessSuccessIsDemanded(String condition, boolean wanted) {
        assertThat(filter(condition).failedExecs()).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({
        "evt.type = open and fd.num >= 0, false",
        "evt.type = open and fd.num > -1, false",
        "evt.type = open and evt.rawres >= 0, false",
        "evt.type = open and fd.typechar = f, true",
        "evt.type = open and evt.is_open_read = true, true",
        "evt.type = open and fd.num = -1, true",
    })
    void asksForFailedOpensUnlessSuccessIsDemanded(String condition, boolean wanted) {
        assertThat(filter(condition).failedOpens()).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "evt.type = connect and fd.type in (ipv4, ipv6) | false",
                "evt.type = connect and fd.typechar = 4 | false",
                "evt.type = connect and fd.sip != 127.0.0.1 | false",
                "evt.type = connect and not fd.sip = 127.0.0.1 | true",
                "evt.type = connect and fd.type in (ipv4, unix) | true",
                "evt.type = connect | true",
            })
    void asksForUnixConnectionsUnlessTheInternetIsDemanded(String condition, boolean wanted) {
        ProbeFilter filter = filter(condition);

        assertThat(filter.connects()).isTrue();
        assertThat(filter.unixConnects()).isEqualTo(wanted);
    }

    /** The property that matters: what a rule would match is never dropped. */
    @Test
    void neverDropsAnOpenThatARuleMatches() {
        Random random = new Random(20261123);
        int matched = 0;
        int narrow = 0;
        for (int i = 0; i < 4000; i++) {
            // Given
            String condition = "evt.type in (open, openat, execve) and " + randomCondition(random, 3);
            RuleSet rules = rules(condition);
            ProbeFilter filter = ProbeInterest.of(rules);
            CompiledCondition<Map<String, Object>> compiled =
                    rules.rules().getFirst().compile(new MapFields());
            narrow += filter.everyOpen() ? 0 : 1;
            for (int j = 0; j < 40; j++) {
                String path = randomPath(random);
                int slash = path.lastIndexOf('/');
                long fd = random.nextBoolean() ? 3 : -1;
                Map<String, Object> event = MapFields.event(
                        "evt.type",
                        random.nextBoolean() ? "open" : "openat",
                        "fd.name",
                        path,
                        "fd.directory",
                        slash == 0 ? "/" : path.substring(0, slash),
                        "fd.filename",
                        path.substring(slash + 1),
                        "fd.num",
                        fd,
                        "evt.rawres",
                        fd,
                        "proc.name",
                        random.nextBoolean() ? "a" : "b");

                // When
                boolean matches = compiled.test(event);

                // Then
                if (matches) {
                    matched++;
                    assertThat(passes(filter, path, fd < 0))
                            .as("%s on %s (fd %d) with %s", condition, path, fd, filter)
                            .isTrue();
                }
            }
        }
        assertThat(matched).isGreaterThan(5000);
        assertThat(narrow).isGreaterThan(500);
    }

    private static boolean passes(ProbeFilter filter, String path, boolean failed) {
        return filter.opens()
                && (!failed || filter.failedOpens())
                && (filter.everyOpen()
                        || PathPrefixes.components(path).stream().anyMatch(filter.openNames()::contains));
    }

    private static String randomCondition(Random random, int depth) {
        if (depth > 0 && random.nextInt(4) > 0) {
            return switch (random.nextInt(3)) {
                case 0 -> "(" + randomCondition(random, depth - 1) + " and " + randomCondition(random, depth - 1) + ")";
                case 1 -> "(" + randomCondition(random, depth - 1) + " or " + randomCondition(random, depth - 1) + ")";
                default -> "not (" + randomCondition(random, depth - 1) + ")";
            };
        }
        String path = randomPath(random);
        int cut = random.nextInt(path.length());
        String from = path.substring(cut);
        String until = path.substring(0, path.length() - cut);
        return switch (random.nextInt(15)) {
            case 0 -> "fd.name = " + path;
            case 1 -> "fd.name in (" + path + ", " + randomPath(random) + ")";
            case 2 -> "fd.name startswith " + until;
            case 3 -> "fd.name endswith " + from;
            case 4 -> "fd.name contains " + from;
            case 5 -> "fd.directory = " + path;
            case 6 -> "fd.filename = " + path.substring(path.lastIndexOf('/') + 1);
            case 7 -> "fd.name pmatch (" + path + ", /a/b*)";
            case 8 -> "fd.name glob *" + from + "*";
            case 9 -> "fd.name glob " + until + "*";
            case 10 -> "proc.name = a";
            case 11 -> "fd.num >= 0";
            case 12 -> "evt.type = execve";
            case 13 -> "fd.directory startswith oneof (" + until + ", " + path + ")";
            default -> "fd.name != " + path;
        };
    }

    private static String randomPath(Random random) {
        List<String> names = List.of("a", "b", "ab", "ba", "c.d");
        List<String> components = new ArrayList<>();
        int length = 1 + random.nextInt(3);
        for (int i = 0; i < length; i++) {
            components.add(names.get(random.nextInt(names.size())));
        }
        return "/" + String.join("/", components);
    }

    private static ProbeFilter filter(String condition) {
        return ProbeInterest.of(rules(condition));
    }

    private static RuleSet rules(String condition) {
        RuleFileReader reader = new RuleFileReader(Set.of("syscall"));
        reader.read(
                "rules.yaml",
                "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: >\n    " + condition + "\n");
        RuleFileReader.Outcome outcome = reader.finish();
        assertThat(outcome.problems()).isEmpty();
        return outcome.rules().orElseThrow();
    }
}
