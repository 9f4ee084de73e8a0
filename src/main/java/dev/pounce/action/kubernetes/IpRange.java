package dev.pounce.action.kubernetes;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Addresses with the same first bits, as CIDR writes them.
 *
 * @param high the first 64 bits; 0 for version 4
 * @param low the last 64 bits; those of version 4 in its lower half
 * @param prefix how many bits of an address count, from its first
 */
record IpRange(boolean version6, long high, long low, int prefix) {

    private static final Comparator<IpRange> ORDER = Comparator.comparing(IpRange::version6)
            .thenComparing(IpRange::high, Long::compareUnsigned)
            .thenComparing(IpRange::low, Long::compareUnsigned)
            .thenComparing(IpRange::prefix);

    IpRange {
        if (prefix < 0 || prefix > (version6 ? 128 : 32)) {
            throw new IllegalArgumentException("no such prefix: " + prefix);
        }
        int free = (version6 ? 128 : 32) - prefix;
        high = free <= 64 ? high : withoutLast(high, free - 64);
        low = withoutLast(low, Math.min(free, 64));
    }

    private static long withoutLast(long bits, int count) {
        return count >= 64 ? 0 : bits >>> count << count;
    }

    /** A literal with or without a prefix; one without is that address alone. Nothing is looked up. */
    static Optional<IpRange> parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        if (!address.matches(address.indexOf(':') >= 0 ? "[0-9a-fA-F:.]+" : "\\d{1,3}(\\.\\d{1,3}){3}")) {
            return Optional.empty();
        }
        try {
            byte[] bytes = InetAddress.getByName(address).getAddress();
            int bits = bytes.length * 8;
            int prefix = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
            boolean mapped = bytes.length == 4 && address.indexOf(':') >= 0; // ::ffff:1.2.3.4 comes as version 4
            prefix = mapped ? (slash < 0 ? 32 : prefix - 96) : prefix;
            return prefix < 0 || prefix > bits
                    ? Optional.empty()
                    : Optional.of(new IpRange(
                            bytes.length == 16,
                            bytes.length == 16 ? number(bytes, 0, 8) : 0,
                            bytes.length == 16 ? number(bytes, 8, 16) : number(bytes, 0, 4),
                            prefix));
        } catch (UnknownHostException | NumberFormatException noAddress) {
            return Optional.empty();
        }
    }

    private static long number(byte[] bytes, int from, int to) {
        long number = 0;
        for (int i = from; i < to; i++) {
            number = number << 8 | (bytes[i] & 0xff);
        }
        return number;
    }

    boolean contains(IpRange other) {
        return version6 == other.version6
                && prefix <= other.prefix
                && equals(new IpRange(version6, other.high, other.low, prefix));
    }

    /** In order, and none that lies within another. */
    static List<IpRange> simplified(List<IpRange> ranges) {
        List<IpRange> kept = new ArrayList<>();
        for (IpRange range : ranges.stream().sorted(ORDER).distinct().toList()) {
            // In this order whatever contains it stands before it
            if (kept.stream().noneMatch(wider -> wider.contains(range))) {
                kept.add(range);
            }
        }
        return List.copyOf(kept);
    }

    /** What is in both: of two ranges one contains the other, or they have nothing in common. */
    static List<IpRange> inBoth(List<IpRange> some, List<IpRange> others) {
        List<IpRange> both = new ArrayList<>();
        for (IpRange one : some) {
            for (IpRange other : others) {
                if (one.contains(other)) {
                    both.add(other);
                } else if (other.contains(one)) {
                    both.add(one);
                }
            }
        }
        return simplified(both);
    }

    /** With its prefix, always. */
    String text() {
        byte[] bytes = new byte[version6 ? 16 : 4];
        for (int i = 0; i < bytes.length; i++) {
            int shift = (bytes.length - 1 - i) * 8;
            bytes[i] = (byte) (shift >= 64 ? high >>> (shift - 64) : low >>> shift);
        }
        try {
            // Made from bytes: one that is mapped is no special case here, since parse() has made it version 4
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + prefix;
        } catch (UnknownHostException neverOfThisLength) {
            throw new IllegalStateException(neverOfThisLength);
        }
    }

    @Override
    public String toString() {
        return text();
    }
}
