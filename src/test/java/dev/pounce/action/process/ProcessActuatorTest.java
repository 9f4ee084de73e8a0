package dev.pounce.action.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On the real kernel, with real processes. */
@Timeout(60)
class ProcessActuatorTest {

    private static final String CONTAINER_ID = "0123456789abcdef".repeat(4);
    private static final ContainerRef CONTAINER = new ContainerRef(Children.NODE, CONTAINER_ID);

    private final Set<Integer> inContainer = ConcurrentHashMap.newKeySet();
    private final Set<Integer> inNamesake = ConcurrentHashMap.newKeySet();
    private final ProcessActuator actuator =
            new ProcessActuator(this::directoryOf, this::objectionTo, Clock.systemUTC());
    private final Children children = new Children();

    /** Stands in for the control groups: who is in one, and whoever descends from those, also later. */
    private Optional<String> directoryOf(int pid, ContainerRef container) {
        if (!container.equals(CONTAINER)) {
            return Optional.empty();
        }
        return isIn(inContainer, pid)
                ? Optional.of(":/ours/" + CONTAINER_ID)
                : isIn(inNamesake, pid) ? Optional.of(":/theirs/" + CONTAINER_ID) : Optional.empty();
    }

    private final Set<Integer> mustLive = ConcurrentHashMap.newKeySet();

    private Optional<String> objectionTo(int pid) {
        return mustLive.contains(pid) ? Optional.of("process " + pid + " must live") : Optional.empty();
    }

    private static boolean isIn(Set<Integer> group, int pid) {
        Optional<ProcStat> stat = ProcFiles.stat(pid);
        return stat.isPresent()
                && (group.contains(pid) || group.contains(stat.get().session()));
    }

    @AfterEach
    void end() {
        children.close();
        actuator.close();
    }

    private static Action.KillProcess kill(ProcessRef target) {
        return new Action.KillProcess(target, Action.Scope.PROCESS, Optional.empty());
    }

    private static Action.KillProcess killTree(ProcessRef target) {
        return new Action.KillProcess(target, Action.Scope.TREE, Optional.empty());
    }

    private static Action.KillProcess killContainer(ProcessRef target) {
        return new Action.KillProcess(target, Action.Scope.CONTAINER, Optional.of(CONTAINER));
    }

    private Outcome carryOut(Action.OnProcess action) {
        return actuator.carryOut(action, Instant.now().plusSeconds(20))
                .toCompletableFuture()
                .join();
    }

    private static ProcessRef startedATickLater(ProcessRef ref) {
        return new ProcessRef(ref.node(), ref.pid(), ref.startTimeNanos() + ProcStat.NANOS_PER_TICK);
    }

    @Test
    void theProcessThatWasMeantDiesAndItsTwinLives() {
        // Given
        Process meant = children.sleeping();
        Process twin = children.sleeping();

        // When
        Outcome outcome = carryOut(kill(Children.refOf(meant)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) outcome).observed()).contains("process/" + meant.pid(), "(sleep)", "dead after");
        assertThat(Children.hasDied(meant)).isTrue();
        assertThat(twin.isAlive()).isTrue();
    }

    @Test
    void aProcessThatOutlivesItsDeadlineIsSaidToAndTheNextDeathIsStillSeen() {
        // Given
        Process bystander = children.sleeping();
        Process doomed = children.sleeping();
        try (ProcessActuator silent = ProcessActuator.silent(Clock.systemUTC())) {

            // When: nothing is sent, so nothing happens
            Outcome alive = silent.carryOut(
                            kill(Children.refOf(bystander)), Instant.now().plusMillis(5))
                    .toCompletableFuture()
                    .join();
            CompletableFuture<Outcome> awaited = silent.carryOut(
                            kill(Children.refOf(doomed)), Instant.now().plusSeconds(20))
                    .toCompletableFuture();
            doomed.destroyForcibly();

            // Then
            assertThat(alive).isInstanceOf(Outcome.Failed.class);
            assertThat(bystander.isAlive()).isTrue();
            assertThat(awaited.join()).isInstanceOf(Outcome.Done.class);
        }
    }

    @Test
    void aProcessThatStartedAtAnotherTickIsLeftAlone() {
        // Given
        Process process = children.sleeping();
        ProcessRef another = startedATickLater(Children.refOf(process));

        // When
        List<Outcome> outcomes = Stream.of(
                        kill(another),
                        killTree(another),
                        new Action.SuspendProcess(another),
                        new Action.ResumeProcess(another))
                .map(this::carryOut)
                .toList();

        // Then
        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.TargetGone.class));
        assertThat(process.isAlive()).isTrue();
        assertThat(ProcFiles.stat((int) process.pid()).orElseThrow().isStopped())
                .isFalse();
    }

    @Test
    void aProcessWithAnotherPidfdInodeIsLeftAloneAlthoughItStartedAtTheSameTick() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.identified(process);
        ProcessRef another = new ProcessRef(ref.node(), ref.pid(), ref.startTimeNanos(), ref.inode() + 1);

        // When
        List<Outcome> outcomes = Stream.of(
                        kill(another),
                        killTree(another),
                        killContainer(another),
                        new Action.SuspendProcess(another),
                        new Action.ResumeProcess(another))
                .map(this::carryOut)
                .toList();
        Outcome rehearsed = actuator.rehearse(kill(another));
        Outcome observed = actuator.observe(kill(another));

        // Then
        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.TargetGone.class));
        assertThat(outcomes.getFirst())
                .isEqualTo(new Outcome.TargetGone("pid " + ref.pid() + " belongs to another process by now (sleep):"
                        + " expected pidfd inode " + another.inode() + ", found " + ref.inode()));
        assertThat(rehearsed).isEqualTo(outcomes.getFirst());
        assertThat(observed).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(process.isAlive()).isTrue();
        assertThat(ProcFiles.stat(ref.pid()).orElseThrow().isStopped()).isFalse();
    }

    @Test
    void aProcessWithTheRightPidfdInodeDiesAloneAndWithItsTree() {
        // Given
        Process alone = children.sleeping();
        Process root = children.script("sleep 601 & echo ready; wait");

        // When
        Outcome one = carryOut(kill(Children.identified(alone)));
        Outcome tree = carryOut(killTree(Children.identified(root)));

        // Then
        assertThat(one).isInstanceOf(Outcome.Done.class);
        assertThat(Children.hasDied(alone)).isTrue();
        assertThat(tree).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) tree).observed()).startsWith("2 processes");
        assertThat(Children.hasDied(root)).isTrue();
    }

    @Test
    void whoeverGetsThePidOfTheOneThatWasSeenIsLeftAlone() throws IOException, InterruptedException {
        // Given: a pid that really went round
        Path lastPid = Path.of("/proc/sys/kernel/ns_last_pid");
        Assumptions.assumeTrue(Files.isWritable(lastPid), "only root may choose the next pid");
        Process first = children.sleeping();
        ProcessRef seen = Children.refOf(first);
        assertThat(carryOut(kill(seen))).isInstanceOf(Outcome.Done.class);
        first.waitFor();
        // Who chooses pids can be back within a tick, which a kernel that counts upwards cannot
        while (Children.refOf(children.sleeping()).startTimeNanos() <= seen.startTimeNanos()) {
            Thread.onSpinWait();
        }
        Optional<Process> heir = Optional.empty();
        for (int attempt = 0; attempt < 200 && heir.isEmpty(); attempt++) {
            Files.writeString(lastPid, Integer.toString(seen.pid() - 1));
            Process next = children.sleeping();
            if (next.pid() == seen.pid()) {
                heir = Optional.of(next);
            } else {
                next.destroyForcibly();
            }
        }
        Assumptions.assumeTrue(heir.isPresent(), "other processes were faster in taking the pid");

        // When
        Outcome outcome = carryOut(kill(seen));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(((Outcome.TargetGone) outcome).reason()).contains("another process");
        assertThat(heir.orElseThrow().isAlive()).isTrue();
    }

    @Test
    void whatHasBeenKilledIsGoneTheSecondTime() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.refOf(process);
        carryOut(kill(ref));

        // When
        Outcome second = carryOut(kill(ref));

        // Then
        assertThat(second).isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void aZombieHasAlreadyExited() {
        // Given: a shell that does not collect its child
        Process shell = children.script("sleep 600 & echo $!; exec sleep 600");
        Eventually.until("shell that has become a program without interest in its children", () -> ProcFiles.stat(
                        (int) shell.pid())
                .map(stat -> stat.comm().equals("sleep"))
                .orElse(false));
        int pid = ProcFiles.processes().stream()
                .filter(stat -> stat.parentPid() == shell.pid())
                .findFirst()
                .orElseThrow()
                .pid();
        ProcessRef child = Children.refOf(pid);
        carryOut(kill(child));
        assertThat(ProcFiles.stat(pid).orElseThrow().state()).isEqualTo('Z');

        // When
        Outcome outcome = carryOut(kill(child));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(((Outcome.TargetGone) outcome).reason()).endsWith("had already exited");
    }

    @Test
    void aSuspendedProcessIsSeenStoppedAndAResumedOneRunning() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.refOf(process);
        var suspend = new Action.SuspendProcess(ref);
        var resume = new Action.ResumeProcess(ref);

        // When, Then
        assertThat(carryOut(resume)).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(actuator.observe(suspend)).isInstanceOf(Outcome.WouldAct.class);
        assertThat(carryOut(suspend)).isInstanceOf(Outcome.Done.class);
        assertThat(ProcFiles.stat(ref.pid()).orElseThrow().state()).isEqualTo('T');
        assertThat(carryOut(suspend)).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(actuator.observe(suspend)).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(carryOut(resume)).isInstanceOf(Outcome.Done.class);
        assertThat(ProcFiles.stat(ref.pid()).orElseThrow().state()).isNotEqualTo('T');
        assertThat(carryOut(kill(ref))).isInstanceOf(Outcome.Done.class);
        assertThat(actuator.observe(suspend)).isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void aStoppedProcessCanBeKilled() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.refOf(process);
        carryOut(new Action.SuspendProcess(ref));

        // When
        Outcome outcome = carryOut(kill(ref));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void allThreadsOfASuspendedProgramAreSeenStopped() {
        // Given: a program with many threads, a JVM
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process jvm =
                children.start(java, "-cp", System.getProperty("java.class.path"), SaysReadyAndWaits.class.getName());
        Children.readLine(jvm);

        // When
        Outcome outcome = carryOut(new Action.SuspendProcess(Children.refOf(jvm)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) outcome).observed()).containsPattern("all \\d+ threads");
        assertThat(ProcFiles.threads((int) jvm.pid())).hasSizeGreaterThan(3).allMatch(ProcStat::isStopped);
    }

    /** Run as a process of its own. */
    static final class SaysReadyAndWaits {
        public static void main(String[] args) throws InterruptedException {
            System.out.println("ready");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void aTreeDiesWithItsOrphansAndNobodyElse() {
        // Given: children, grandchildren, and one whose parent has ended
        Process decoy = children.sleeping();
        Process root =
                children.script("sh -c 'sleep 601 & sleep 601 & wait' & (sleep 601 &) ; sleep 601 & echo ready; wait");
        List<ProcessHandle> members = sessionOf(root);
        while (members.stream().filter(member -> isSleep((int) member.pid())).count() < 4) {
            members = sessionOf(root);
        }
        assertThat(members).hasSize(6);

        // When
        Outcome rehearsed = actuator.rehearse(killTree(Children.refOf(root)));
        Outcome outcome = carryOut(killTree(Children.refOf(root)));

        // Then
        assertThat(rehearsed)
                .isEqualTo(new Outcome.WouldAct("would kill process/" + root.pid() + " (sh) and 5 descendants"));
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) outcome).observed()).startsWith("6 processes of tree of process/" + root.pid());
        assertThat(members)
                .allSatisfy(member -> assertThat(isOver((int) member.pid())).isTrue());
        assertThat(decoy.isAlive()).isTrue();
    }

    private static boolean isStopped(ProcessHandle process) {
        return ProcFiles.stat((int) process.pid()).orElseThrow().isStopped();
    }

    @Test
    void aMemberThatMustLiveSavesItsTreeAlsoWhenOnlyTheSessionLeadsToIt() {
        // Given: a daemon that the shell's session is all that is left to tell of
        Process root = children.script("(sleep 603 &); sleep 602 & echo ready; wait");
        List<ProcessHandle> members = sessionOf(root);
        while (members.stream().filter(member -> isSleep((int) member.pid())).count() < 2) {
            members = sessionOf(root);
        }
        ProcessHandle daemon = members.stream()
                .filter(member ->
                        member.pid() != root.pid() && root.children().noneMatch(child -> child.pid() == member.pid()))
                .findFirst()
                .orElseThrow();
        mustLive.add((int) daemon.pid());

        // When
        Outcome rehearsed = actuator.rehearse(killTree(Children.refOf(root)));
        Outcome outcome = carryOut(killTree(Children.refOf(root)));

        // Then
        assertThat(outcome).isEqualTo(rehearsed).isInstanceOf(Outcome.Withheld.class);
        assertThat(((Outcome.Withheld) outcome).reason()).contains("process " + daemon.pid() + " must live");
        assertThat(members).allMatch(ProcessHandle::isAlive).noneMatch(ProcessActuatorTest::isStopped);
        daemon.destroyForcibly();
    }

    @Test
    void aMemberThatMustLiveSavesTheRestOfItsContainer() {
        // Given
        Process seen = children.script("echo ready; sleep 602");
        Process other = children.sleeping();
        Process saved = children.sleeping();
        for (Process process : List.of(seen, other, saved)) {
            inContainer.add((int) process.pid());
        }
        mustLive.add((int) saved.pid());

        // When
        Outcome rehearsed = actuator.rehearse(killContainer(Children.refOf(seen)));
        Outcome outcome = carryOut(killContainer(Children.refOf(seen)));

        // Then
        assertThat(outcome).isEqualTo(rehearsed).isInstanceOf(Outcome.Withheld.class);
        assertThat(List.of(other.toHandle(), saved.toHandle()))
                .allMatch(ProcessHandle::isAlive)
                .noneMatch(ProcessActuatorTest::isStopped);
    }

    @Test
    void aTreeThatForksWithoutEndDoesNotOutrunTheKill() {
        // Given: eight shells, each of which keeps replacing its children
        Process root = children.script("fork() { while :; do sleep 0.01 & sleep 0.013 & wait; done; };"
                + "for i in 1 2 3 4 5 6 7 8; do fork & done; echo ready; wait");

        // When
        Outcome outcome = carryOut(killTree(Children.refOf(root)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(ProcFiles.processes()).noneMatch(stat -> stat.session() == root.pid() && !stat.hasExited());
    }

    @Test
    void endingTheEngineLeavesNoTreeHalfKilled() {
        // Given
        List<Process> roots = Stream.generate(() -> children.script("sleep 602 & echo ready; wait"))
                .limit(8)
                .toList();
        ProcessActuator ending = new ProcessActuator(this::directoryOf, this::objectionTo, Clock.systemUTC());
        List<CompletableFuture<Outcome>> outcomes = roots.stream()
                .map(root -> ending.carryOut(
                                killTree(Children.refOf(root)), Instant.now().plusSeconds(20))
                        .toCompletableFuture())
                .toList();

        // When
        ending.close();
        Process late = children.sleeping();
        Outcome afterwards = ending.carryOut(
                        kill(Children.refOf(late)), Instant.now().plusSeconds(20))
                .toCompletableFuture()
                .join();

        // Then
        assertThat(roots).allMatch(Children::hasDied);
        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).isInstanceOf(Outcome.Done.class));
        assertThat(ProcFiles.processes())
                .noneMatch(stat -> !stat.hasExited() && roots.stream().anyMatch(root -> root.pid() == stat.session()));
        assertThat(afterwards).isInstanceOf(Outcome.Failed.class);
        assertThat(late.isAlive()).isTrue();
    }

    @Test
    void someoneWhoKeepsWakingTheTreeDoesNotSaveIt() {
        // Given: children that fork, and an outsider that continues the root whenever it is stopped
        Process root = children.script(
                "for i in 1 2 3; do (while :; do sleep 0.01; done) & done; echo ready; wait; wait; wait; wait");
        Process waker = children.start("sh", "-c", "while kill -CONT " + root.pid() + "; do :; done");

        // When
        Outcome outcome = carryOut(killTree(Children.refOf(root)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(ProcFiles.processes()).noneMatch(stat -> stat.session() == root.pid() && !stat.hasExited());
        assertThat(Children.hasDied(waker)).isTrue();
    }

    @Test
    void aContainerDiesAsAWholeEvenWhenTheProcessThatWasSeenIsGone() {
        // Given
        Process decoy = children.sleeping();
        Process first = children.script("sleep 602 & sleep 602 & echo ready; wait");
        Process second = children.script("sleep 602 & echo ready; wait");
        inContainer.add((int) first.pid());
        inContainer.add((int) second.pid());
        Process gone = children.sleeping();
        ProcessRef seen = Children.refOf(gone);
        carryOut(kill(seen));

        // When
        Outcome rehearsed = actuator.rehearse(killContainer(seen));
        Outcome outcome = carryOut(killContainer(seen));
        Outcome again = carryOut(killContainer(seen));

        // Then
        assertThat(rehearsed).isEqualTo(new Outcome.WouldAct("would kill 5 processes of container/0123456789ab"));
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) outcome).observed()).startsWith("5 processes of container/0123456789ab dead");
        assertThat(again).isInstanceOf(Outcome.TargetGone.class);
        assertThat(actuator.observe(killContainer(seen))).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(decoy.isAlive()).isTrue();
    }

    @Test
    void whoLivesInAControlGroupOfTheSameNameElsewhereIsNotKilled() {
        // Given
        Process meant = children.script("sleep 602 & echo ready; wait");
        Process stranger = children.script("sleep 602 & echo ready; wait");
        inContainer.add((int) meant.pid());
        inNamesake.add((int) stranger.pid());

        // When
        Outcome rehearsed = actuator.rehearse(killContainer(Children.refOf(meant)));
        Outcome outcome = carryOut(killContainer(Children.refOf(meant)));

        // Then
        assertThat(rehearsed).isEqualTo(new Outcome.WouldAct("would kill 2 processes of container/0123456789ab"));
        assertThat(((Outcome.Done) outcome).observed()).startsWith("2 processes of container/0123456789ab dead");
        assertThat(stranger.isAlive()).isTrue();
        assertThat(stranger.children()).allMatch(ProcessHandle::isAlive).isNotEmpty();
    }

    @Test
    void aNameThatTwoControlGroupsBearSaysNothingWithoutTheProcessThatWasSeen() {
        // Given
        Process first = children.script("echo ready; sleep 600");
        Process second = children.script("echo ready; sleep 600");
        inContainer.add((int) first.pid());
        inNamesake.add((int) second.pid());
        ProcessRef gone = startedATickLater(Children.refOf(first));

        // When
        Outcome rehearsed = actuator.rehearse(killContainer(gone));
        Outcome outcome = carryOut(killContainer(gone));

        // Then
        assertThat(rehearsed).isInstanceOf(Outcome.Failed.class);
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(((Outcome.Failed) outcome).reason()).contains("2 control groups bear the id");
        assertThat(first.isAlive()).isTrue();
        assertThat(second.isAlive()).isTrue();
    }

    @Test
    void theContainerOfTheEngineIsNotKilled() {
        // Given
        Process process = children.script("echo ready; sleep 600");
        inContainer.add((int) process.pid());
        inContainer.add((int) ProcessHandle.current().pid());

        // When
        Outcome outcome = carryOut(killContainer(Children.refOf(process)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Withheld.class);
        assertThat(process.isAlive()).isTrue();
    }

    @Test
    void pidOneThisEngineAndItsAncestorsAreNeverSignalled() {
        // Given
        List<ProcessRef> untouchable = new ArrayList<>();
        untouchable.add(Children.refOf(1));
        Optional<ProcessHandle> at = Optional.of(ProcessHandle.current());
        while (at.isPresent() && at.get().pid() > 0) {
            untouchable.add(Children.refOf((int) at.get().pid()));
            at = at.get().parent();
        }

        // When
        List<Outcome> outcomes = untouchable.stream()
                .flatMap(ref -> Stream.of(
                        actuator.rehearse(kill(ref)),
                        actuator.rehearse(killTree(ref)),
                        actuator.rehearse(new Action.SuspendProcess(ref)),
                        carryOut(new Action.ResumeProcess(ref))))
                .toList();

        // Then
        assertThat(outcomes).hasSizeGreaterThanOrEqualTo(8).allSatisfy(outcome -> assertThat(outcome)
                .isInstanceOf(Outcome.Withheld.class));
    }

    @Test
    void waitingForAChildAsInVforkIsNoWayToEscapeASuspension() {
        // Given: clone with CLONE_VFORK; the child sleeps and does not exec
        String clone = System.getProperty("os.arch").equals("aarch64") ? "220" : "56";
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/perl")));
        Process parent = children.start(
                "perl", "-e", "$|=1; print qq(ready\\n); syscall(" + clone + ", 0x4011, 0, 0, 0, 0); sleep 600");
        Children.readLine(parent);
        ProcessRef ref = Children.refOf(parent);
        while (ProcFiles.stat(ref.pid()).orElseThrow().state() != 'D') {
            Thread.onSpinWait();
        }

        // When
        Outcome outcome = actuator.carryOut(
                        new Action.SuspendProcess(ref), Instant.now().plusSeconds(5))
                .toCompletableFuture()
                .join();
        parent.children().forEach(ProcessHandle::destroyForcibly);

        // Then: it stops as soon as it is woken (the test's time limit says if not)
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        while (!ProcFiles.stat(ref.pid()).orElseThrow().isStopped()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void rehearsingTouchesNothing() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.refOf(process);

        // When
        List<Outcome> outcomes = Stream.of(kill(ref), killTree(ref), new Action.SuspendProcess(ref))
                .map(actuator::rehearse)
                .toList();

        // Then
        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.WouldAct.class));
        assertThat(process.isAlive()).isTrue();
        assertThat(ProcFiles.stat(ref.pid()).orElseThrow().isStopped()).isFalse();
    }

    @Test
    void dependentsThatDoNotReturnDelayNobodysSignal() throws InterruptedException {
        // Given: more of them than there are threads to complete stages
        CountDownLatch release = new CountDownLatch(1);
        List<CompletableFuture<Void>> stuck = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ProcessRef ref = Children.refOf(children.sleeping());
            // A dependent of a stage that is complete already runs on the registering thread: not on ours
            stuck.add(CompletableFuture.runAsync(
                    () -> actuator.carryOut(kill(ref), Instant.now().plusSeconds(20))
                            .thenAccept(outcome -> await(release))
                            .toCompletableFuture()
                            .join(),
                    onItsOwnThread -> new Thread(onItsOwnThread).start()));
        }
        Process next = children.sleeping();

        // When
        CompletableFuture<Outcome> outcome = actuator.carryOut(
                        kill(Children.refOf(next)), Instant.now().plusSeconds(20))
                .toCompletableFuture();

        // Then
        assertThat(next.waitFor(10, TimeUnit.SECONDS)).isTrue();
        release.countDown();
        assertThat(outcome.join()).isInstanceOf(Outcome.Done.class);
        stuck.forEach(CompletableFuture::join);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aKillWithScopeContainerAndNoContainerIsRefused() {
        // Given
        Process process = children.sleeping();
        var nowhere = new Action.KillProcess(Children.refOf(process), Action.Scope.CONTAINER, Optional.empty());

        // When
        Outcome outcome = carryOut(nowhere);

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(process.isAlive()).isTrue();
    }

    @Test
    void whoCannotTellWhatBelongsToAContainerFailsTheStepAndNothingIsKilled() {
        // Given
        Process process = children.sleeping();
        try (ProcessActuator blind = new ProcessActuator(
                (pid, container) -> {
                    throw new IllegalStateException("no control groups here");
                },
                Objections.NONE,
                Clock.systemUTC())) {

            // When
            Outcome outcome = blind.carryOut(
                            killContainer(Children.refOf(process)),
                            Instant.now().plusSeconds(20))
                    .toCompletableFuture()
                    .join();

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Failed.class);
            assertThat(process.isAlive()).isTrue();
        }
    }

    @Test
    void warmingUpSignalsNobody() {
        // Given
        Process process = children.sleeping();

        // When
        actuator.warmUp();

        // Then
        assertThat(process.isAlive()).isTrue();
        assertThat(carryOut(kill(Children.refOf(process)))).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void whatWasKilledIsObservedAsSoAndWhatLivesIsNot() {
        // Given
        Process process = children.sleeping();
        ProcessRef ref = Children.refOf(process);

        // When
        Outcome before = actuator.observe(kill(ref));
        carryOut(kill(ref));
        Outcome after = actuator.observe(kill(ref));

        // Then
        assertThat(before).isInstanceOf(Outcome.WouldAct.class);
        assertThat(after).isInstanceOf(Outcome.AlreadySo.class);
    }

    private static boolean isSleep(int pid) {
        return ProcFiles.stat(pid).map(stat -> stat.comm().equals("sleep")).orElse(false);
    }

    private static boolean isOver(int pid) {
        return ProcFiles.stat(pid).map(ProcStat::hasExited).orElse(true);
    }

    private static List<ProcessHandle> sessionOf(Process root) {
        return ProcFiles.processes().stream()
                .filter(stat -> stat.session() == root.pid())
                .flatMap(stat -> ProcessHandle.of(stat.pid()).stream())
                .toList();
    }
}
