package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.source.Place;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionTextTest {

    private static final Map<String, Object> EVENT = Map.ofEntries(
            Map.entry("evt.type", "openat"),
            Map.entry("evt.rawres", 3L),
            Map.entry("evt.is_open_read", true),
            Map.entry("evt.buffer", new byte[] {0x7f, 'E', 'L', 'F'}),
            Map.entry("evt.arg.flags", "O_RDONLY|O_CLOEXEC"),
            Map.entry("proc.name", "Cat"),
            Map.entry("proc.pname", "bash"),
            Map.entry("proc.exepath", "/usr/bin/Cat"),
            Map.entry("proc.args", "-n /etc/shadow"),
            Map.entry("proc.args[1]", "/etc/shadow"),
            Map.entry("proc.pid", 42L),
            Map.entry("proc.vpid", 42L),
            Map.entry("proc.aname", List.of("bash", "sshd", "systemd")),
            Map.entry("proc.aname[2]", "sshd"),
            Map.entry("user.uid", 4294967295L),
            Map.entry("fd.name", "/etc/shadow"),
            Map.entry("fd.types", List.of("file", "pipe")),
            Map.entry("fd.cip", "10.0.0.7"),
            Map.entry("fd.sip", "93.184.216.34"),
            Map.entry("fd.cport", 40000L),
            Map.entry("fd.sport", 443L));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "proc.name = Cat",
                "proc.name == Cat",
                "proc.name=Cat",
                "proc.name != cat",
                "proc.name in (dog, Cat)",
                "proc.name in (\"Cat\")",
                "proc.name intersects (Cat)",
                "proc.name exists",
                "proc.name > 4 and not proc.name < 4",
                "proc.name > tolower(\"42\") and proc.name <= val(proc.pname)",
                "fd.name contains shad",
                "fd.name icontains SHAD",
                "fd.name startswith /etc/",
                "fd.name endswith ow",
                "fd.name glob /e*w",
                "fd.name glob /*/sha[a-e]ow",
                "fd.name iglob /ETC/*",
                "fd.name regex \"/etc/(shadow|passwd)\"",
                "fd.name pmatch (/usr, /etc)",
                "fd.name pmatch (/e*)",
                "fd.name startswith oneof (/etc, /usr)",
                "fd.name contains anyof (x, had)",
                "fd.name contains allof (etc, shadow)",
                "evt.rawres >= 0",
                "evt.rawres = 3",
                "evt.rawres != -1",
                "evt.rawres in (1, 3)",
                "evt.rawres < 4 and evt.rawres <= 3 and evt.rawres > 2",
                "user.uid > 5",
                "user.uid = 4294967295",
                "evt.is_open_read = true",
                "evt.is_open_read != false",
                "evt.is_open_read in (true)",
                "evt.buffer bcontains 454c",
                "evt.buffer bstartswith 7f45",
                "evt.buffer contains ELF",
                "fd.types in (file, pipe, ipv4)",
                "fd.types intersects (pipe)",
                "proc.aname = sshd",
                "proc.aname[2] = sshd",
                "proc.aname != bash",
                "proc.aname in (systemd)",
                "proc.aname exists",
                "proc.args[1] endswith shadow",
                "evt.arg.flags contains O_CLOEXEC",
                "fd.sip = 93.184.216.34",
                "fd.ip = 10.0.0.7",
                "fd.ip != 10.0.0.8",
                "fd.net = 10.0.0.0/8",
                "fd.snet in (\"10.0.0.0/8\", \"93.0.0.0/8\")",
                "fd.port = 443",
                "fd.port = https",
                "fd.sport in (http, 443)",
                "tolower(proc.name) = cat",
                "toupper(proc.name) = CAT",
                "basename(fd.name) = shadow",
                "len(proc.name) = 3",
                "len(fd.types) = 2",
                "b64(\"aGVsbG8=\") = hello",
                "concat(proc.pname, \"-\", proc.name) = bash-Cat",
                "join(\",\", (proc.pname, \"x\")) = \"bash,x\"",
                "join(\"-\", fd.types) = file-pipe",
                "getopt((\"-a\", \"-b\", \"v\"), \"ab:\")[b] = v",
                "getopt((\"-a\", \"-b\", \"v\"), \"ab:\") intersects (a)",
                "proc.pid = val(proc.vpid)",
                "proc.exepath endswith val(proc.name)",
                "proc.name = tolower(proc.name) or proc.pname = tolower(proc.pname)",
                "evt.type in (open, openat)",
                "not evt.type = open",
                "not not proc.name = Cat",
                "not(proc.name = dog)",
                "(proc.name = Cat)and(proc.pid = 42)",
                "proc.name = Cat or proc.name = dog and proc.pid = 1",
                "(proc.name = dog or proc.name = Cat) and proc.pid = 42",
            })
    void isTrue(String condition) {
        assertThat(compile(condition).test(EVENT)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "proc.name = cat",
                "proc.name in ()",
                "proc.name in (cat, dog)",
                "fd.name glob /etc",
                "fd.name regex shadow",
                "fd.name pmatch (/etc/shad)",
                "fd.name startswith oneof (/etc, /e)",
                "fd.name contains allof (etc, x)",
                "fd.types in (file)",
                "user.uid < 5",
                "fd.ip != 10.0.0.7",
                "fd.ip in (10.0.0.7)",
                "fd.net != 10.0.0.0/8",
                "proc.aname = Cat",
                "fd.name iglob /ETC",
                "evt.num = 0",
                "proc.name = Cat and proc.pid = 1 or proc.name = dog",
                "not (proc.name = Cat or proc.name = dog)",
            })
    void isFalse(String condition) {
        assertThat(compile(condition).test(EVENT)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user.name = root",
                "user.name != root",
                "user.name exists",
                "user.name in (root)",
                "user.name contains \"\"",
                "proc.ppid < 5",
                "proc.ppid != 5",
                "len(user.name) = 0",
                "tolower(user.name) != x",
                "proc.name = val(user.name)",
                "proc.name != val(user.name)",
                "concat(proc.name, user.name) exists",
            })
    void aValueThatIsMissingMakesEveryCheckFalseAndOnlyNotMakesItTrue(String condition) {
        assertThat(compile(condition).test(EVENT)).isFalse();
        assertThat(compile("not " + condition).test(EVENT)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "proc.args = \"a b\"|a b",
                "proc.args = 'a \"b'|a \"b",
                "proc.args = \"a\\\"b\"|a\"b",
                "proc.args = \"a\\\\b\"|a\\b",
                "proc.args = a\\b|a\\b",
                "proc.args = \"\\ d\"|\\d",
                "proc.args = and|and",
                "proc.args = \"\"|``",
            })
    void quotesAndEscapes(String condition, String args) {
        assertThat(compile(condition).test(MapFields.event("proc.args", args))).isTrue();
        assertThat(compile(condition).test(MapFields.event("proc.args", args + "x")))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "proc.nam = x|1|unknown field 'proc.nam'|did you mean 'proc.name'?",
                "proc.name = a or proc.pid = x|29|'x'|",
                "proc.name contians x|11|'contians'|",
                "proc.pid contains 4|10|operator 'contains'|",
                "proc.name regex \"(a\"|17|the regular expression '(a'|",
                "proc.name regex \"[[:digit:]]+\\\\d\"|17|the regular expression|",
                "evt.type = opena|12|unknown event type 'opena'|did you mean 'open'?",
                "evt.is_open_read = 1|20|'1'|",
                "fd.sip = localhost|10|'localhost'|",
                "fd.snet = 10.0.0.1|11|'10.0.0.1'|",
                "fd.sport = htps|12|unknown port 'htps'|",
                "proc.name = \"a|13|a quote that is never closed|",
                "(proc.name = a|15|the end of the condition|",
                "proc.name = a)|14|')'|",
                "proc.name = a proc.pid = 1|15|'proc.pid'|",
                "proc.name|10|the end of the condition|",
                "spawned_proces|1|unknown macro 'spawned_proces'|",
                "proc.name[1] = a|1|field 'proc.name' with the argument '1'|",
                "proc.name in (a b)|17|'b'|",
                "proc.name in lists|14|'lists', which is no list|",
                "container.label = x|1|field 'container.label' without an argument|",
                "evt.arg.nosuch = x|1|unknown argument of events 'nosuch'|",
                "tolower(proc.pid) = x|1|tolower() of 'proc.pid'|",
                "proc.pid = val(proc.name)|10|'proc.pid' (a number|",
                "fd.types = file|10|operator '=' on 'fd.types', which is a list|",
                "proc.aname[2] = val(proc.name)|15|'proc.aname[2]' compared with a field|",
                "evt.buffer bcontains xyz|22|'xyz'|",
                "proc.args contains \"\\w\"|21|the escape '\\w'|",
            })
    void refusesWithThePlaceAndTheReason(String condition, int column, String found, String suggestion) {
        // Given
        Problems problems = new Problems();

        // When
        Optional<CompiledCondition<Map<String, Object>>> compiled =
                ConditionText.compile(condition, new Place("set.yaml", 7, 1), new MapFields(), problems);

        // Then
        assertThat(compiled).isEmpty();
        Problem problem = problems.all().getFirst();
        assertThat(problem.place()).isEqualTo(new Place("set.yaml", 7, column));
        assertThat(problem.found()).startsWith(found);
        if (suggestion != null) {
            assertThat(problem.suggestion()).contains(suggestion);
        }
    }

    @Test
    void reportsAllErrorsOfAConditionAtOnce() {
        // Given
        Problems problems = new Problems();

        // When
        ConditionText.compile(
                "proc.nam = x or fd.nme = y and evt.type = opn", new Place("f", 1, 1), new MapFields(), problems);

        // Then
        assertThat(problems.all()).hasSize(3);
    }

    @Test
    void saysWhichFieldsItReadsAndWhichOfThemCannotBeSupplied() {
        // Given
        FieldBinder<String> onlyNames =
                use -> use.name().equals("proc.name") ? Optional.of(event -> event) : Optional.empty();

        // When
        CompiledCondition<String> condition = ConditionText.compile(
                        "proc.name = a or tolower(proc.aname[2]) = b or basename(fd.name) = c",
                        new Place("f", 1, 1),
                        onlyNames,
                        new Problems())
                .or(() -> ConditionText.compile(
                        "proc.name = a or proc.aname[2] = b or basename(fd.name) = c",
                        new Place("f", 1, 1),
                        onlyNames,
                        new Problems()))
                .orElseThrow();

        // Then
        assertThat(condition.fields()).hasSize(3);
        assertThat(condition.unsupported())
                .containsExactlyInAnyOrder(new FieldUse("proc.aname", "2"), new FieldUse("fd.name", null));
        assertThat(condition.test("a")).isTrue();
        assertThat(condition.test("b")).isFalse();
    }

    /** Whatever a file contains, the answer is a condition that can be asked, or an error with a place. */
    @Test
    void brokenTextIsRefusedAndNeverThrows() {
        // Given
        List<String> seeds = List.of(
                "evt.type in (open, openat) and not (proc.name = \"a b\" or fd.name glob /e*[x-z])",
                "tolower(basename(fd.name)) = val(proc.name) and proc.aname[2] exists",
                "join(\"-\", (proc.name, \"x\")) contains anyof (a, 'b\\'c') or getopt((\"-a\"), \"ab:\")[b] = v",
                "fd.snet in (\"10.0.0.0/8\", ::1/128) and fd.sport >= 10 and fd.ip != 1.2.3.4",
                "fd.name regex \"a+?[[:alpha:]](x|y){2,3}\" and evt.buffer bcontains 7f45");
        seeds.forEach(ConditionTextTest::compile);
        String alphabet = " ()[],.\"'\\=<>!*?/:-+0123xabeortnvl\u00e9\ud83d";
        Random random = new Random(7);
        int refused = 0;

        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
            for (int change = 0; change < 1 + random.nextInt(2); change++) {
                int at = random.nextInt(text.length() + 1);
                switch (random.nextInt(3)) {
                    case 0 -> text.delete(at, at + 1);
                    case 1 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    default -> text.setLength(at);
                }
            }

            // When
            Problems problems = new Problems();
            Optional<CompiledCondition<Map<String, Object>>> compiled =
                    ConditionText.compile(text.toString(), new Place("f", 1, 1), new MapFields(), problems);

            // Then
            assertThat(compiled.isPresent()).as(text.toString()).isNotEqualTo(problems.hasErrors());
            compiled.ifPresent(condition -> condition.test(EVENT));
            refused += compiled.isPresent() ? 0 : 1;
        }
        assertThat(refused).isBetween(2_000, 19_000);
    }

    private static CompiledCondition<Map<String, Object>> compile(String text) {
        Problems problems = new Problems();
        Optional<CompiledCondition<Map<String, Object>>> compiled =
                ConditionText.compile(text, new Place("test", 1, 1), new MapFields(), problems);
        assertThat(problems.all().stream().filter(Problem::isError)).isEmpty();
        return compiled.orElseThrow();
    }
}
