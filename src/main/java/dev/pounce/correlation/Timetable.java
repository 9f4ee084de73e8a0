package dev.pounce.correlation;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered, by the time at which it ends: a binary heap in which each entry knows its place, so that taking one
 * out is quick. Ends that move further away are noticed when their turn comes, and cost nothing before.
 */
final class Timetable {

    private @Nullable HalfSeen[] heap = new @Nullable HalfSeen[64];
    private int size;

    int size() {
        return size;
    }

    void add(HalfSeen state) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        state.scheduled(state.until());
        up(state, size++);
    }

    void remove(HalfSeen state) {
        int slot = state.slot();
        if (slot < 0) {
            return;
        }
        state.movedTo(-1);
        HalfSeen last = heap[--size];
        heap[size] = null;
        if (last != null && last != state) {
            up(last, slot);
            down(last, last.slot());
        }
        if (size < heap.length / 4 && heap.length > 64) {
            heap = Arrays.copyOf(heap, heap.length / 2);
        }
    }

    /** What ends first; stays in. Null if there is nothing. */
    @Nullable
    HalfSeen first() {
        HalfSeen first = heap[0];
        while (first != null && first.until() != first.due()) {
            first.scheduled(first.until());
            down(first, 0);
            first = heap[0];
        }
        return first;
    }

    void forEach(Consumer<HalfSeen> action) {
        for (int i = 0; i < size; i++) {
            HalfSeen state = heap[i];
            if (state != null) {
                action.accept(state);
            }
        }
    }

    private void up(HalfSeen state, int from) {
        int slot = from;
        while (slot > 0) {
            int parent = (slot - 1) / 2;
            HalfSeen above = heap[parent];
            if (above == null || above.due() <= state.due()) {
                break;
            }
            put(above, slot);
            slot = parent;
        }
        put(state, slot);
    }

    private void down(HalfSeen state, int from) {
        int slot = from;
        while (2 * slot + 1 < size) {
            int child = 2 * slot + 1;
            HalfSeen below = heap[child];
            HalfSeen right = child + 1 < size ? heap[child + 1] : null;
            if (right != null && below != null && right.due() < below.due()) {
                below = right;
                child++;
            }
            if (below == null || below.due() >= state.due()) {
                break;
            }
            put(below, slot);
            slot = child;
        }
        put(state, slot);
    }

    private void put(HalfSeen state, int slot) {
        heap[slot] = state;
        state.movedTo(slot);
    }
}
