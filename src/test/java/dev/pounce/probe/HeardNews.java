package dev.pounce.probe;

import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a listener was told, in order: frames, and the text of {@code gone}. */
final class HeardNews implements ProbeListener {

    private final BlockingQueue<Object> news = new LinkedBlockingQueue<>();

    /** The next piece of news; fails when there is none for a long while. */
    Object next() throws InterruptedException {
        return Objects.requireNonNull(news.poll(20, TimeUnit.SECONDS), "nothing was heard");
    }

    boolean isQuiet() {
        return news.isEmpty();
    }

    @Override
    public void hello(ProbeFrame.Hello hello) {
        news.add(hello);
    }

    @Override
    public void event(ProbeEvent event) {
        news.add(event);
        if (event.subject().comm().equals("bug")) {
            throw new IllegalStateException("a bug of the listener");
        }
        if (event.subject().comm().equals("no thread")) {
            throw new OutOfMemoryError("unable to create native thread, as the test asked");
        }
    }

    @Override
    public void armed(ProbeFrame.Armed armed) {
        news.add(armed);
    }

    @Override
    public void heartbeat(ProbeFrame.Heartbeat heartbeat) {
        news.add(heartbeat);
    }

    @Override
    public void refused(ProbeFrame.Refused refused) {
        news.add(refused);
    }

    @Override
    public void gone(String why) {
        news.add(why);
    }
}
