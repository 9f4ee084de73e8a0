package dev.pounce.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Our own version, from a resource that the build fills in. */
final class Version {

    private Version() {}

    static String current() {
        try (@Nullable InputStream resource = Version.class.getResourceAsStream("/dev/pounce/version.properties")) {
            if (resource == null) {
                throw new IllegalStateException("dev/pounce/version.properties is missing from the build");
            }
            Properties properties = new Properties();
            properties.load(resource);
            return properties.getProperty("version", "unknown");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
