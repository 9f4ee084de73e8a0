import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.drools.codegen.common.GeneratedFile;
import org.drools.compiler.builder.impl.KnowledgeBuilderConfigurationImpl;
import org.drools.model.codegen.execmodel.ModelBuilderImpl;
import org.drools.model.codegen.execmodel.PackageSources;
import org.kie.api.KieServices;
import org.kie.api.io.Resource;
import org.kie.api.io.ResourceType;
import org.kie.internal.builder.CompositeKnowledgeBuilder;
import org.kie.internal.builder.KnowledgeBuilderError;
import org.kie.internal.builder.KnowledgeBuilderFactory;

/**
 * Turns rule files into Java: run by the build before it compiles, with the rule compiler on a class path of its own
 * (pom.xml). Each package of rules becomes Drools' classes and one of ours, {@code CompiledRules}, whose name stays
 * the same while theirs are made of hashes.
 *
 * <p>Arguments: the folder of the rule files, the source folder, the package of facts in it, the folder to write to.
 */
final class CompileRules {

    // Drools' sources are not held to our standard, and we do not edit them. This is what javac complains of.
    private static final String NOT_OURS =
            "@SuppressWarnings({\"rawtypes\", \"unchecked\", \"cast\", \"this-escape\"})\n";

    private CompileRules() {}

    public static void main(String[] arguments) throws IOException {
        Path rules = Path.of(arguments[0]);
        Path sources = Path.of(arguments[1]);
        String facts = arguments[2];
        Path output = Path.of(arguments[3]);

        empty(output);
        Path classes = Files.createTempDirectory("pounce-facts");
        try {
            compileFacts(sources, facts, classes);
            ClassLoader loader =
                    new URLClassLoader(new URL[] {classes.toUri().toURL()}, CompileRules.class.getClassLoader());
            Thread.currentThread().setContextClassLoader(loader);
            for (PackageSources compiled : compile(rules, loader)) {
                write(compiled, output);
            }
        } finally {
            empty(classes);
            Files.delete(classes);
        }
    }

    /** The rule compiler asks the classes of facts for their fields, and runs before the compiler proper. */
    private static void compileFacts(Path sources, String facts, Path classes) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none",
                "-nowarn",
                "-sourcepath",
                sources.toString(),
                "-classpath",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString()));
        for (Path source : filesIn(sources.resolve(facts.replace('.', '/')), ".java")) {
            arguments.add(source.toString());
        }
        if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)) != 0) {
            System.exit(1);
        }
    }

    private static Iterable<PackageSources> compile(Path rules, ClassLoader loader) throws IOException {
        KnowledgeBuilderConfigurationImpl configuration = KnowledgeBuilderFactory.newKnowledgeBuilderConfiguration(
                        loader)
                .as(KnowledgeBuilderConfigurationImpl.KEY);
        ModelBuilderImpl<PackageSources> builder = new ModelBuilderImpl<>(
                PackageSources::dumpSources,
                configuration,
                KieServices.get().newReleaseId("dev.pounce", "rules", "0"),
                false);
        CompositeKnowledgeBuilder batch = builder.batch();
        for (Path file : filesIn(rules, ".drl")) {
            // As bytes under a short name: the path of a file ends up in the classes.
            Resource resource =
                    KieServices.get().getResources().newByteArrayResource(Files.readAllBytes(file), "UTF-8");
            resource.setSourcePath(rules.getFileName() + "/" + file.getFileName());
            batch.add(resource, ResourceType.DRL);
        }
        batch.build();
        if (builder.hasErrors()) {
            for (KnowledgeBuilderError error : builder.getErrors()) {
                String file = error.getResource() == null
                        ? rules.toString()
                        : error.getResource().getSourcePath();
                String line = error.getLines().length == 0 ? "" : ":" + error.getLines()[0];
                System.err.println(file + line + ": " + error.getMessage());
            }
            System.exit(1);
        }
        return builder.getPackageSources();
    }

    private static void write(PackageSources compiled, Path output) throws IOException {
        List<GeneratedFile> files = new ArrayList<>();
        compiled.collectGeneratedFiles(files);
        for (GeneratedFile file : files) {
            String text = new String(file.contents(), StandardCharsets.UTF_8)
                    .replaceFirst("(?m)^public (class|enum) ", NOT_OURS + "public $1 ");
            write(output.resolve(file.relativePath()), text);
        }
        for (String model : compiled.getModelNames()) {
            String name = model.substring(0, model.lastIndexOf('.'));
            write(output.resolve(name.replace('.', '/')).resolve("CompiledRules.java"), """
                    package %s;

                    /** The rules of this package, under a name that does not change with them. */
                    public final class CompiledRules {
                        private CompiledRules() {}

                        public static org.drools.model.Model model() {
                            return new %s();
                        }
                    }
                    """.formatted(name, model));
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static List<Path> filesIn(Path folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    private static void empty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(folder)) {
                    Files.delete(file);
                }
            }
        }
    }
}
