package dev.pounce.action.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProcFilesTest {

    private static OptionalLong inode(String fdinfo) {
        byte[] bytes = fdinfo.getBytes(StandardCharsets.US_ASCII);
        return ProcFiles.inode(bytes, bytes.length);
    }

    @Test
    void theInodeStandsInItsOwnLine() {
        assertThat(inode("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t4294967299\nPid:\t7\n"))
                .hasValue(4_294_967_299L);
        assertThat(inode("nino:\t1\nino:\t2\n")).hasValue(2);
    }

    @Test
    void whatIsMissingOrCutIsNotRead() {
        assertThat(inode("pos:\t0\nflags:\t02\n")).isEmpty();
        assertThat(inode("pos:\t0\nino:\t12")).isEmpty();
        assertThat(inode("pos:\t0\nino:\t\n")).isEmpty();
        assertThat(inode("pos:\t0\nino:\t")).isEmpty();
        assertThat(ProcFiles.inode(new byte[256], -1)).isEmpty();
    }

    @Test
    void twoProcessesHaveTwoInodesAndOneHasOneThroughEveryDescriptor() {
        try (Children children = new Children()) {
            // Given
            int first = Signals.openPidfd((int) children.sleeping().pid());
            int second = Signals.openPidfd((int) children.sleeping().pid());
            int self = Signals.openPidfd((int) ProcessHandle.current().pid());
            int selfAgain = Signals.openPidfd((int) ProcessHandle.current().pid());

            // When, Then
            assertThat(ProcFiles.inodeOf(first)).isPresent().isNotEqualTo(ProcFiles.inodeOf(second));
            assertThat(ProcFiles.inodeOf(self)).isPresent().isEqualTo(ProcFiles.inodeOf(selfAgain));
            for (int fd : new int[] {first, second, self, selfAgain}) {
                Signals.close(fd);
            }
        }
    }

    @Test
    void aDescriptorThatIsNotOpenHasNoInode() {
        assertThat(ProcFiles.inodeOf(-1)).isEmpty();
    }
}
