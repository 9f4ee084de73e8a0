package dev.pounce.detection;

import java.util.ArrayDeque;

/** Paths as text: nothing here looks at a file system. */
final class FilePaths {

    private FilePaths() {}

    /**
     * The name as an absolute path: joined to the directory when it is relative, and {@code .}, {@code ..} and
     * double slashes taken out as text, symbolic links unheeded. A relative name stays one when
     * the directory is not known.
     */
    static String absolute(String directory, String name) {
        if (name.isEmpty()) {
            return "";
        }
        if (name.charAt(0) == '/') {
            return clean(name);
        }
        return directory.isEmpty() ? name : clean(directory + "/" + name);
    }

    private static String clean(String path) {
        if (!path.contains("//") && !path.contains("/.") && !(path.length() > 1 && path.endsWith("/"))) {
            return path;
        }
        ArrayDeque<String> names = new ArrayDeque<>();
        for (String name : path.split("/")) {
            if (name.equals("..")) {
                names.pollLast();
            } else if (!name.isEmpty() && !name.equals(".")) {
                names.addLast(name);
            }
        }
        return "/" + String.join("/", names);
    }

    /** The name without doubled slashes. */
    static String singleSlashes(String name) {
        String single = name;
        while (single.contains("//")) {
            single = single.replace("//", "/");
        }
        return single;
    }

    /** {@code /etc} for {@code /etc/passwd}, {@code /} for what lies in the root. */
    static String directory(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    /** {@code passwd} for {@code /etc/passwd}. */
    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
