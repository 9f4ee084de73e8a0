package dev.pounce.action.evidence;

import java.io.IOException;
import java.util.Arrays;

/** An upload in parts of one size, the last one smaller; what fits into one part goes there in one piece. */
abstract class Parts extends EvidenceStore.Upload {

    /** What is held in memory of an upload. A multiple of Google's 256 KiB, above Amazon's least of 5 MiB. */
    static final int SIZE = 8 * 1024 * 1024;

    private byte[] buffer = new byte[64 * 1024];
    private int filled;
    private int sent;
    private boolean finished;

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        int done = 0;
        while (done < length) {
            // A full one waits until more comes: the last part is told from the others
            if (filled == SIZE) {
                part(buffer, sent++);
                filled = 0;
            }
            int piece = Math.min(length - done, SIZE - filled);
            if (filled + piece > buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.min(SIZE, Math.max(filled + piece, buffer.length * 2)));
            }
            System.arraycopy(bytes, from + done, buffer, filled, piece);
            filled += piece;
            done += piece;
        }
    }

    @Override
    void finish() throws EvidenceStore.Trouble {
        byte[] rest = Arrays.copyOf(buffer, filled);
        if (sent == 0) {
            whole(rest);
        } else {
            last(rest, sent);
        }
        finished = true;
    }

    @Override
    public void close() {
        if (!finished && sent > 0) {
            abandon();
        }
        finished = true;
        buffer = new byte[0];
    }

    /** @param bytes exactly {@link #SIZE} */
    abstract void part(byte[] bytes, int index) throws EvidenceStore.Trouble;

    /** @param index of it; above 0 */
    abstract void last(byte[] bytes, int index) throws EvidenceStore.Trouble;

    abstract void whole(byte[] bytes) throws EvidenceStore.Trouble;

    /** Frees what the parts take. Says nothing when it cannot. */
    abstract void abandon();
}
