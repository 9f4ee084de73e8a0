package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            value = {
                "${f} ¦ 0",
                "sh -c ${f} ¦ 2",
                "sh -c -- ${f} ¦ 3",
                "/bin/bash -ec -x ${f} ¦ 3",
                "sh -co pipefail ${f} ¦ 3",
                "sh ${f} ¦ 1",
                "sh -x ${f} ¦ 2",
                "busybox sh -c ${f} ¦ 3",
                "env A=${f} bash -c ${f} ¦ 4",
                "env ${f} cat ¦ 1",
                "env -S ${f} ¦ 2",
                "env -u X ${f} ¦ 3",
                "nice -n 5 ${f} ¦ 3",
                "timeout 5 ${f} ¦ 2",
                "timeout 5 sh -c ${f} ¦ 4",
                "nsenter -t 1 -m sh -c ${f} ¦ 6",
                "sudo -u root -- ${f} ¦ 4",
                "su - web -c ${f} ¦ 4",
                "ssh host ${f} ¦ 2",
                "awk ${f} /etc/passwd ¦ 1",
                "sed -e ${f} ¦ 2",
                "xargs ${f} ¦ 1",
                "find / -exec ${f} ¦ 3",
                "python3 -c ${f} ¦ 2",
                "python3 ${f} ¦ 1",
                "perl -e${f} ¦ 1",
                "node --eval=${f} ¦ 1",
                "some-tool run bash -c ${f} ¦ 4"
            })
    void aDetectionHasNoSayInCommands(String words, int index) {
        assertThat(CommandLine.objectionsTo(List.of(words.split(" ")), word -> word.contains("${")))
                .extracting(CommandLine.Objection::index)
                .containsExactly(index);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cat ${f}",
                "sh -c cat sh ${f}",
                "sh -c -- cat sh ${f}",
                "sh -s ${f}",
                "sh /script.sh ${f}",
                "python3 /script.py ${f}",
                "perl -e text ${f}",
                "env A=${f} cat ${f}",
                "nice -n 5 -- cat ${f}",
                "timeout 5 cat ${f}",
                "busybox cat ${f}",
                "kill -9 ${f}",
                "rm -rf -- ${f}"
            })
    void aPlainArgumentMayComeFromADetection(String words) {
        assertThat(CommandLine.objectionsTo(List.of(words.split(" ")), word -> word.contains("${")))
                .isEmpty();
    }
}
