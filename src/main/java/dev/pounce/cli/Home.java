package dev.pounce.cli;

import java.nio.file.Path;

/** The distribution that this program is part of: {@code bin}, {@code rules}, {@code actionsets}. */
final class Home {

    private Home() {}

    /** Told by the start script; a native executable finds itself. */
    static Path directory() {
        String told = System.getProperty("pounce.home");
        if (told != null) {
            return Path.of(told);
        }
        return ProcessHandle.current()
                .info()
                .command()
                .map(Path::of)
                .map(Path::getParent)
                .map(Path::getParent)
                .orElse(Path.of("."));
    }
}
