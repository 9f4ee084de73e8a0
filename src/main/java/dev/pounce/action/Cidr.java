package dev.pounce.action;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Ranges of addresses. Never asks a name server: what is no literal is refused before. */
final class Cidr {

    private Cidr() {}

    static boolean isValid(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        int bits = address.indexOf(':') >= 0 ? 128 : 32;
        if (slash >= 0 && !isNumber(text.substring(slash + 1), bits)) {
            return false;
        }
        return bits == 32 ? isVersion4(address) : isVersion6(address);
    }

    private static boolean isVersion4(String address) {
        String[] parts = address.split("\\.", -1);
        if (parts.length != 4) {
            return false;
        }
        for (String part : parts) {
            if (!isNumber(part, 255)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isVersion6(String address) {
        try {
            InetAddress.getByName(address); // with a colon in it, it is never looked up
            return true;
        } catch (UnknownHostException noAddress) {
            return false;
        }
    }

    private static boolean isNumber(String text, int most) {
        return text.matches("0|[1-9]\\d{0,2}") && Integer.parseInt(text) <= most;
    }
}
