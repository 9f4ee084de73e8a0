package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpRangeTest {

    private static IpRange range(String text) {
        return IpRange.parse(text).orElseThrow();
    }

    private static List<IpRange> ranges(String... texts) {
        return List.of(texts).stream().map(IpRangeTest::range).toList();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.1.2.3/32",
        "10.1.2.3/8, 10.0.0.0/8",
        "255.255.255.255/0, 0.0.0.0/0",
        "192.168.255.1/20, 192.168.240.0/20",
        "2001:db8::1, 2001:db8:0:0:0:0:0:1/128",
        "2001:db8:ffff::1/33, 2001:db8:8000:0:0:0:0:0/33",
        "ffff::ffff/0, 0:0:0:0:0:0:0:0/0",
        "fe80::1:2:3:4/64, fe80:0:0:0:0:0:0:0/64",
        "::1:0:0:0:1/65, 0:0:0:1:0:0:0:0/65",
        "::ffff:10.0.0.1, 10.0.0.1/32",
        "::ffff:10.0.0.1/104, 10.0.0.0/8",
    })
    void whatIsBehindThePrefixDoesNotCount(String written, String meant) {
        assertThat(range(written).text()).isEqualTo(meant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a.example",
                "10.0.0.1/33",
                "10.0.0",
                "10.0.0.0/",
                "::1/129",
                "::ffff:10.0.0.1/8",
                "1.2.3.4.5",
                "10.0.0.0/-1"
            })
    void whatIsNoAddressIsNoRange(String text) {
        assertThat(IpRange.parse(text)).isEmpty();
    }

    @Test
    void whatLiesWithinAnotherIsLeftOut() {
        assertThat(IpRange.simplified(ranges(
                        "10.1.0.0/16", "2001:db8::/32", "10.0.0.0/8", "11.0.0.1", "11.0.0.1/32", "2001:db8:1::/48")))
                .extracting(IpRange::text)
                .containsExactly("10.0.0.0/8", "11.0.0.1/32", "2001:db8:0:0:0:0:0:0/32");
    }

    @Test
    void whatIsInBothIsTheNarrowerOfEach() {
        assertThat(IpRange.inBoth(
                        ranges("10.0.0.0/8", "192.168.1.1", "::/0"),
                        ranges("10.2.0.0/16", "192.168.0.0/16", "172.16.0.0/12", "fe80::/10")))
                .extracting(IpRange::text)
                .containsExactly("10.2.0.0/16", "192.168.1.1/32", "fe80:0:0:0:0:0:0:0/10");
    }

    /** By single addresses, which is what it is about: each is in both exactly when it is in one and in the other. */
    @Test
    void anAddressIsInBothWhenItIsInOneAndInTheOther() {
        Random random = new Random(5);
        int inside = 0;
        for (int round = 0; round < 2_000; round++) {
            List<IpRange> some = few(random);
            List<IpRange> others = few(random);
            List<IpRange> both = IpRange.inBoth(some, others);
            for (int i = 0; i < 20; i++) {
                IpRange address = new IpRange(false, 0, random.nextInt(256), 32);
                boolean expected = contains(some, address) && contains(others, address);
                assertThat(contains(both, address))
                        .as("%s in %s and %s", address, some, others)
                        .isEqualTo(expected);
                inside += expected ? 1 : 0;
            }
        }
        assertThat(inside).isGreaterThan(1_000);
    }

    /** Among 256 addresses, so that they meet. */
    private static List<IpRange> few(Random random) {
        return random.ints(3, 0, 256)
                .mapToObj(low -> new IpRange(false, 0, low, 24 + random.nextInt(9)))
                .toList();
    }

    private static boolean contains(List<IpRange> ranges, IpRange address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }
}
