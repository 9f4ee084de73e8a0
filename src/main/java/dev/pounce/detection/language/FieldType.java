package dev.pounce.detection.language;

/** What the values of a field are; decides which operators may ask about it. */
public enum FieldType {
    STRING,
    /** Bytes that need not be text. */
    BUFFER,
    BOOL,
    INT8(8, true),
    INT16(16, true),
    INT32(32, true),
    INT64(64, true),
    UINT8(8, false),
    UINT16(16, false),
    UINT32(32, false),
    UINT64(64, false),
    DOUBLE,
    /** A number from 0 to 65535 that may also be given as the name of a service. */
    PORT(16, false),
    IP,
    /** An address that is compared with networks. */
    NET,
    /** Something that can only be asked whether it exists. */
    OPAQUE,
    /** What can be parsed but not compared: Falco refuses every operator but {@code exists} on it. */
    RAW;

    private final int bits;
    private final boolean signed;

    FieldType() {
        this(0, false);
    }

    FieldType(int bits, boolean signed) {
        this.bits = bits;
        this.signed = signed;
    }

    public boolean isInteger() {
        return bits > 0;
    }

    boolean isSigned() {
        return signed;
    }

    int bits() {
        return bits;
    }
}
