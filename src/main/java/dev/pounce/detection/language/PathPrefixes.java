package dev.pounce.detection.language;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The paths of a {@code pmatch}: a path matches when one of them is it or a directory above it. Compared
 * component by component; one with {@code *}, {@code ?} or {@code [} matches as a {@link Glob} within its component.
 */
final class PathPrefixes {

    private static final class Node {
        private final Map<String, Node> exact = new HashMap<>();
        private final List<Map.Entry<Glob, Node>> globs = new ArrayList<>();
        private boolean end;
    }

    private final Node root = new Node();

    PathPrefixes(List<String> paths) {
        for (String path : paths) {
            Node node = root;
            for (String component : components(path)) {
                if (Glob.isPattern(component)) {
                    Node next = new Node();
                    node.globs.add(Map.entry(Glob.compile(component, false), next));
                    node = next;
                } else {
                    node = node.exact.computeIfAbsent(component, ignored -> new Node());
                }
            }
            node.end = true;
        }
    }

    boolean matches(String path) {
        return matches(root, path, 0);
    }

    private static boolean matches(Node node, String path, int from) {
        if (node.end) {
            return true;
        }
        int start = from;
        while (start < path.length() && path.charAt(start) == '/') {
            start++;
        }
        if (start >= path.length()) {
            return false;
        }
        int end = path.indexOf('/', start);
        if (end < 0) {
            end = path.length();
        }
        String component = path.substring(start, end);
        Node exact = node.exact.get(component);
        if (exact != null && matches(exact, path, end)) {
            return true;
        }
        for (Map.Entry<Glob, Node> glob : node.globs) {
            if (glob.getKey().matches(component) && matches(glob.getValue(), path, end)) {
                return true;
            }
        }
        return false;
    }

    static List<String> components(String path) {
        List<String> components = new ArrayList<>();
        int start = 0;
        while (start < path.length()) {
            int end = path.indexOf('/', start);
            if (end < 0) {
                end = path.length();
            }
            if (end > start) {
                components.add(path.substring(start, end));
            }
            start = end + 1;
        }
        return components;
    }
}
