package dev.pounce.detection;

import java.util.List;

/** Fields whose values are environments or contents. They may be matched; they are never written down or passed on. */
public final class SecretFields {

    /** A name with an argument counts as well. */
    private static final List<String> NAMES = List.of(
            "proc.env",
            "proc.aenv",
            "evt.args",
            "evt.buffer",
            "evt.arg.data",
            "evt.arg.env",
            "evt.rawarg.data",
            "evt.rawarg.env",
            "ka.req.configmap.obj",
            "jevt.obj");

    /** What a Kubernetes audit event holds of Secrets and ConfigMaps. */
    private static final List<String> POINTERS = List.of(
            "jevt.value[/requestObject/data",
            "jevt.value[/requestObject/stringData",
            "jevt.value[/responseObject/data",
            "jevt.value[/responseObject/stringData");

    private SecretFields() {}

    public static boolean contains(String field) {
        for (String secret : NAMES) {
            if (field.startsWith(secret)
                    && (field.length() == secret.length()
                            || field.charAt(secret.length()) == '['
                            || field.charAt(secret.length()) == '.')) {
                return true;
            }
        }
        for (String pointer : POINTERS) {
            if (field.startsWith(pointer)) {
                return true;
            }
        }
        return false;
    }
}
