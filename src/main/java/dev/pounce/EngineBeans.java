package dev.pounce;

import dev.pounce.audit.Journal;
import dev.pounce.correlation.Correlator;
import dev.pounce.detection.Detection;
import dev.pounce.guard.GuardChain;
import dev.pounce.planning.Planner;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Hands the engine's parts to the container, which wires the pipeline to its channel.
 *
 * <p>The engine is made before Quarkus starts, because a wrong file or a state directory in use should be said without
 * starting anything. Quarkus makes its own objects, so the engine waits for it in a static field; there is one
 * engine in a process.
 */
final class EngineBeans {

    private static final AtomicReference<@Nullable Engine> ENGINE = new AtomicReference<>();

    static void offer(Engine engine) {
        if (!ENGINE.compareAndSet(null, engine)) {
            throw new IllegalStateException("there is an engine in this process already");
        }
    }

    static void withdraw() {
        ENGINE.set(null);
    }

    static Engine engine() {
        return Optional.ofNullable(ENGINE.get())
                .orElseThrow(() -> new IllegalStateException("the engine is made before Quarkus starts; it was not"));
    }

    @Produces
    @Singleton
    Journal journal() {
        return engine().journal();
    }

    @Produces
    @Singleton
    Correlator correlator() {
        return engine().correlator();
    }

    @Produces
    @Singleton
    Planner planner() {
        return engine().planner();
    }

    @Produces
    @Singleton
    GuardChain guards() {
        return engine().guards();
    }

    @Produces
    @Singleton
    Actuators actuators() {
        return engine().actuators();
    }

    @Produces
    @Singleton
    Containments containments() {
        return engine().containments();
    }

    @Produces
    @Singleton
    UnaryOperator<Detection> completion() {
        return engine().completion();
    }

    @Produces
    @Singleton
    @Named("node")
    String node() {
        return engine().nodeName();
    }

    @Produces
    @Singleton
    Onlooker onlooker() {
        return engine().onlooker();
    }

    @Produces
    @Singleton
    Clock clock() {
        return engine().clock();
    }
}
