package dev.pounce.detection.language;

import org.jspecify.annotations.Nullable;

/** An IPv4 or IPv6 address as a number; an IPv4 address is all in {@code low}. Never asks a name server. */
record IpAddress(boolean v6, long high, long low) {

    /** Null when the text is no address. What has a dot can only be IPv4, as for Falco. */
    static @Nullable IpAddress parse(String text) {
        return text.indexOf('.') >= 0 ? parse4(text) : parse6(text);
    }

    private static @Nullable IpAddress parse4(String text) {
        long value = 0;
        int parts = 0;
        int i = 0;
        while (true) {
            int start = i;
            int part = 0;
            while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9' && i - start < 4) {
                part = part * 10 + text.charAt(i) - '0';
                i++;
            }
            if (i == start || i - start > 3 || part > 255 || (i - start > 1 && text.charAt(start) == '0')) {
                return null;
            }
            value = value << 8 | part;
            parts++;
            if (i == text.length()) {
                return parts == 4 ? new IpAddress(false, 0, value) : null;
            }
            if (text.charAt(i) != '.' || parts == 4) {
                return null;
            }
            i++;
        }
    }

    private static @Nullable IpAddress parse6(String text) {
        int gap = text.indexOf("::");
        if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
            return null;
        }
        int[] groups = new int[8];
        if (gap < 0) {
            return groups(text, groups, 0) == 8 ? of(groups) : null;
        }
        int before = groups(text.substring(0, gap), groups, 0);
        int[] tail = new int[8];
        int after = groups(text.substring(gap + 2), tail, 0);
        if (before < 0 || after < 0 || before + after > 7) {
            return null;
        }
        System.arraycopy(tail, 0, groups, 8 - after, after);
        return of(groups);
    }

    /** How many groups of hexadecimal digits there are; negative when it is something else. */
    private static int groups(String text, int[] into, int from) {
        if (text.isEmpty()) {
            return 0;
        }
        int count = from;
        for (String group : text.split(":", -1)) {
            if (count == 8 || group.isEmpty() || group.length() > 4) {
                return -1;
            }
            int value = 0;
            for (int i = 0; i < group.length(); i++) {
                int digit = Character.digit(group.charAt(i), 16);
                if (digit < 0 || group.charAt(i) > 'f') {
                    return -1;
                }
                value = value << 4 | digit;
            }
            into[count++] = value;
        }
        return count;
    }

    private static IpAddress of(int[] groups) {
        long high = 0;
        long low = 0;
        for (int i = 0; i < 4; i++) {
            high = high << 16 | groups[i];
            low = low << 16 | groups[i + 4];
        }
        return new IpAddress(true, high, low);
    }

    /** All addresses that begin with the same {@code prefix} bits. */
    record Network(IpAddress base, int prefix) {

        boolean contains(IpAddress address) {
            if (address.v6 != base.v6) {
                return false;
            }
            if (!base.v6) {
                return prefix == 0 || (address.low ^ base.low) >>> (32 - prefix) == 0;
            }
            if (prefix <= 64) {
                return prefix == 0 || (address.high ^ base.high) >>> (64 - prefix) == 0;
            }
            return address.high == base.high && (address.low ^ base.low) >>> (128 - prefix) == 0;
        }

        /** Null when it is none: an address, a slash, and a number of bits (for IPv6 not 0, as for Falco). */
        static @Nullable Network parse(String text) {
            int slash = text.indexOf('/');
            if (slash < 0) {
                return null;
            }
            IpAddress base = IpAddress.parse(text.substring(0, slash));
            String bits = text.substring(slash + 1);
            if (base == null
                    || bits.isEmpty()
                    || bits.length() > 4
                    || !bits.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return null;
            }
            int prefix = Integer.parseInt(bits);
            boolean fits = base.v6 ? prefix >= 1 && prefix <= 128 : prefix <= 32;
            return fits ? new Network(base, prefix) : null;
        }
    }
}
