package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which kinds have been seen, in any order. It keeps the latest detection of each kind; of those that are of several kinds
 * at once, as many as there are kinds, because one detection stands for one kind only.
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Gathered extends HalfSeen {

    private static final class Piece {
        private final Detection detection;
        private final int[] kinds;
        private final long moment;
        private final long weight;

        Piece(Detection detection, int[] kinds, long moment) {
            this.detection = detection;
            this.kinds = kinds;
            this.moment = moment;
            this.weight = Weight.of(detection);
        }
    }

    // Oldest first
    private final List<Piece> pieces = new ArrayList<>(2);

    Gathered(Sighting first) {
        super(first);
        add(first);
    }

    void add(Sighting sighting) {
        int alike = 0;
        for (int i = pieces.size() - 1; i >= 0; i--) {
            Piece piece = pieces.get(i);
            if (!reaches(piece, sighting)) {
                pieces.subList(0, i + 1).clear();
                break;
            }
            if (Arrays.equals(piece.kinds, sighting.kinds()) && ++alike == piece.kinds.length) {
                pieces.remove(i);
            }
        }
        pieces.add(new Piece(sighting.detection(), sighting.kinds(), at(sighting)));
        neededForAWindowAfter(sighting);
        saw(sighting);
    }

    boolean isCompletedBy(Sighting sighting) {
        return pieces.size() + 1 >= subject().watch().kinds() && chosen(sighting).length > 0;
    }

    /** @return the evidence, oldest first */
    List<Detection> complete(Sighting last) {
        int[] chosen = chosen(last);
        Arrays.sort(chosen);
        List<Detection> evidence = new ArrayList<>(chosen.length);
        for (int piece : chosen) {
            evidence.add(piece == pieces.size() ? last.detection() : pieces.get(piece).detection);
        }
        return evidence;
    }

    @Override
    long kept() {
        long weight = 0;
        for (Piece piece : pieces) {
            weight += piece.weight;
        }
        return weight;
    }

    @Override
    void letGo() {
        pieces.clear();
    }

    private boolean reaches(Piece piece, Sighting sighting) {
        return at(sighting) - piece.moment <= subject().watch().within();
    }

    /**
     * A different detection for each kind, by augmenting paths; empty if there is none. The sighting, numbered behind the
     * pieces, is always among them: without it the pattern would have been complete before.
     */
    private int[] chosen(Sighting sighting) {
        int[] byKind = new int[subject().watch().kinds()];
        Arrays.fill(byKind, -1);
        int found = 0;
        for (int piece = pieces.size(); piece >= 0; piece--) {
            if (piece < pieces.size() && !reaches(pieces.get(piece), sighting)) {
                break;
            }
            if (place(piece, sighting, byKind, new boolean[byKind.length]) && ++found == byKind.length) {
                return byKind;
            }
        }
        return new int[0];
    }

    private boolean place(int piece, Sighting sighting, int[] byKind, boolean[] tried) {
        int[] kinds = piece == pieces.size() ? sighting.kinds() : pieces.get(piece).kinds;
        for (int kind : kinds) {
            if (!tried[kind]) {
                tried[kind] = true;
                if (byKind[kind] < 0 || place(byKind[kind], sighting, byKind, tried)) {
                    byKind[kind] = piece;
                    return true;
                }
            }
        }
        return false;
    }
}
