package dev.pounce;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import dev.pounce.cluster.Request;
import java.util.List;

@AnalyzeClasses(packages = "dev.pounce", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    /** The order of this list is the architecture. */
    private static final List<String> STAGES = List.of(
            "source",
            "asset",
            "cluster",
            "action",
            "probe",
            "detection",
            "intake",
            "correlation",
            "planning",
            "guard",
            "audit",
            "replay",
            "cli");

    @ArchTest
    static void aStageKnowsTheStagesBeforeItAndNoneAfter(JavaClasses classes) {
        for (int i = 0; i < STAGES.size() - 1; i++) {
            noClasses()
                    .that()
                    .resideInAPackage("dev.pounce." + STAGES.get(i) + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packagesOf(STAGES.subList(i + 1, STAGES.size())))
                    .because("events flow one way")
                    .check(classes);
        }
    }

    @ArchTest
    static void noStageKnowsThePipelineThatJoinsThem(JavaClasses classes) {
        noClasses()
                .that()
                .resideInAnyPackage(packagesOf(STAGES.subList(0, STAGES.size() - 1)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.pounce")
                .because("the pipeline knows the stages, not the other way round")
                .check(classes);
    }

    @ArchTest
    static void onlyTheProcessActuatorSendsSignals(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pounce.action.process..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jnr..", "com.kenai.jffi..")
                .because("a signal is the one thing here that cannot be taken back; ask ProcessActuator")
                .check(classes);
    }

    @ArchTest
    static void onlyTheNodesActuatorAndTheWatchOfTheProbeStartPrograms(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pounce.action.node..")
                .and()
                .doNotHaveFullyQualifiedName("dev.pounce.probe.NativeProbe")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .orShould()
                .callMethod(Runtime.class, "exec", String.class)
                .because("what pounce-probe is told to do to a container is for NodeActuator alone to say")
                .check(classes);
    }

    @ArchTest
    static void onlyCorrelationAndTheMergeOfPlansKnowDrools(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.pounce.correlation..", "dev.pounce.planning.merge..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.drools..", "org.kie..")
                .because("the rule engine is a means; say what you need as a RuleBook, or as a fact of the merge")
                .check(classes);
    }

    @ArchTest
    static void onlyTheServersOfTheIntakeKnowVertx(JavaClasses classes) {
        noClasses()
                .that()
                .resideInAnyPackage(packagesOf(STAGES))
                .and()
                .haveNameNotMatching("dev\\.pounce\\.intake\\.(AlertServer|AdmissionServer|Endpoint).*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.vertx..")
                .because("how requests travel is the business of few; take an Alert")
                .check(classes);
    }

    @ArchTest
    static void onlyTheClustersOwnPackagesKnowItsClient(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.pounce.cluster..", "dev.pounce.action.kubernetes..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.fabric8..")
                .because("what others need of the cluster is a fact or an outcome")
                .check(classes);
    }

    @ArchTest
    static void onlyTheKubernetesActuatorChangesTheCluster(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.pounce.action.kubernetes..")
                .should()
                .callMethodWhere(target(owner(type(Request.class)))
                        .and(target(name("create")).or(target(name("patch"))).or(target(name("delete")))))
                .because("the dangerous part is small and lonely")
                .check(classes);
    }

    @ArchTest
    static void theStagesKnowNoFramework(JavaClasses classes) {
        noClasses()
                .that()
                .resideInAnyPackage(packagesOf(STAGES.subList(0, STAGES.size() - 1)))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "io.smallrye..", "org.eclipse.microprofile..")
                .because("a stage is plain Java that runs in a millisecond of test; the pipeline wires it")
                .check(classes);
    }

    private static String[] packagesOf(List<String> stages) {
        return stages.stream().map(stage -> "dev.pounce." + stage + "..").toArray(String[]::new);
    }
}
