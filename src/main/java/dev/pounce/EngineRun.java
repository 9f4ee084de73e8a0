package dev.pounce;

import dev.pounce.detection.Detection;
import dev.pounce.intake.Alert;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import java.io.IOException;
import org.eclipse.microprofile.reactive.messaging.Channel;
import org.eclipse.microprofile.reactive.messaging.Emitter;
import org.eclipse.microprofile.reactive.messaging.OnOverflow;
import org.jboss.logging.Logger;

/** One run of the engine: from the start of the probe to the request to end (SIGTERM, SIGINT). */
public final class EngineRun implements QuarkusApplication {

    private static final Logger LOG = Logger.getLogger(EngineRun.class);

    private final Emitter<Detection> detections;
    private final ResponsePipeline pipeline;
    private final Emitter<AlertOnItsWay> alerts;
    private final Emitter<Runnable> rehearsals;
    private final Provider<Vertx> vertx; // which is not even made without anything to listen on

    // The channel delivers on the sender's thread; its buffer is for senders who meet, and is never dropped from:
    // a full one throws at the sender, who then knows.
    @Inject
    EngineRun(
            @Channel("detections") @OnOverflow(value = OnOverflow.Strategy.BUFFER, bufferSize = 8192)
                    Emitter<Detection> detections,
            @Channel(AlertOnItsWay.CHANNEL) @OnOverflow(value = OnOverflow.Strategy.BUFFER, bufferSize = 8192)
                    Emitter<AlertOnItsWay> alerts,
            @Channel(Rehearsal.CHANNEL) @OnOverflow(value = OnOverflow.Strategy.BUFFER, bufferSize = 8192)
                    Emitter<Runnable> rehearsals,
            ResponsePipeline pipeline,
            Provider<Vertx> vertx) {
        this.detections = detections;
        this.alerts = alerts;
        this.vertx = vertx;
        this.rehearsals = rehearsals;
        this.pipeline = pipeline;
    }

    /**
     * Runs the engine until it is asked to end, and closes it.
     *
     * @return the exit code
     */
    public static int until(Engine engine) {
        EngineBeans.offer(engine);
        int[] code = {1};
        Quarkus.run(EngineRun.class, (exit, problem) -> {
            code[0] = exit;
            if (problem != null) {
                LOG.error("The engine could not run", problem);
            }
        });
        EngineBeans.withdraw();
        return code[0];
    }

    @Override
    public int run(String... args) {
        Engine engine = EngineBeans.engine();
        try {
            engine.watch(this::send, pipeline, rehearsals::send);
            engine.listen(this::isRecorded, pipeline, vertx::get);
            Quarkus.waitForExit();
            return 0;
        } catch (IOException unusable) {
            LOG.errorv("The engine cannot run: {0}", unusable.getMessage()); // here, where it is still printed
            return 1;
        } finally {
            engine.close();
        }
    }

    /** Alerts have one sender, the intake's thread, so that each has gone its way when this returns. */
    private boolean isRecorded(Alert alert) {
        AlertOnItsWay onItsWay = new AlertOnItsWay(alert);
        alerts.send(onItsWay);
        return onItsWay.isRecorded();
    }

    private void send(Detection detection) {
        try {
            detections.send(detection);
        } catch (IllegalStateException full) {
            LOG.errorv(full, "Detection {0} found the channel full and was not answered", detection.id());
        }
    }
}
