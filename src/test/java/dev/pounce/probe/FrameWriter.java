package dev.pounce.probe;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/** The probe's side of the wire, written down a second time, by hand, from probe_event.h. */
final class FrameWriter {

    private FrameWriter() {}

    static byte[] of(ProbeEvent event) {
        return switch (event) {
            case ProbeEvent.Exec e -> {
                byte[] path = utf8(e.path());
                byte[] filename = utf8(e.filename());
                byte[] cwd = utf8(e.cwd());
                byte[] argv = argv(e.argv());
                byte[] cgroup = utf8(e.cgroup());
                yield new Frame(1, e.boottimeNanos())
                        .subject(e.subject())
                        .u64(e.inode())
                        .u64(e.inodeCtimeNanos())
                        .u64(e.inodeMtimeNanos())
                        .u32(e.dev())
                        .u32(e.result())
                        .u32(e.flags())
                        .u16(path.length)
                        .u16(filename.length)
                        .u16(cwd.length)
                        .u16(argv.length)
                        .u16(cgroup.length)
                        .u16(0)
                        .bytes(path, filename, cwd, argv, cgroup)
                        .done();
            }
            case ProbeEvent.Fork f ->
                new Frame(2, f.boottimeNanos())
                        .subject(f.subject())
                        .u64(f.childStartBoottimeNanos())
                        .u32(f.childPid())
                        .u32(f.childVpid())
                        .done();
            case ProbeEvent.Exit x ->
                new Frame(3, x.boottimeNanos())
                        .subject(x.subject())
                        .u32(x.exitCode())
                        .u32(x.reaperPid())
                        .done();
            case ProbeEvent.Open o -> {
                byte[] path = utf8(o.path());
                byte[] name = utf8(o.name());
                byte[] cgroup = utf8(o.cgroup());
                yield new Frame(4, o.boottimeNanos())
                        .subject(o.subject())
                        .u64(o.inode())
                        .u32(o.dev())
                        .u32(o.result())
                        .u32(o.openFlags())
                        .u32(o.mode())
                        .u32(o.flags())
                        .u32(o.dirfd())
                        .u32(o.syscall())
                        .u16(path.length)
                        .u16(name.length)
                        .u16(cgroup.length)
                        .u16(0)
                        .u32(0)
                        .bytes(path, name, cgroup)
                        .done();
            }
            case ProbeEvent.Connect c -> throw new IllegalArgumentException("addresses are text here: " + c);
        };
    }

    static byte[] connect(ProbeEvent.Subject subject, int family, String localHex, String remoteHex, String path) {
        return new Frame(5, 1)
                .subject(subject)
                .u32(0)
                .u32(5)
                .u16(family)
                .u16(6)
                .u16(40001)
                .u16(443)
                .bytes(HexFormat.of().parseHex(localHex), HexFormat.of().parseHex(remoteHex))
                .u16(utf8(path).length)
                .u16(0)
                .u32(0)
                .bytes(utf8(path))
                .done();
    }

    static byte[] hello(long boottime, long realtime) {
        return new Frame(64, boottime)
                .u64(realtime)
                .u32(4242)
                .u32(2)
                .u16(4)
                .u16(3)
                .u32(0)
                .bytes(utf8("6.18"), utf8("1.0"))
                .done();
    }

    static byte[] armed(int generation) {
        byte[] hooks = utf8("sched_process_exec,sys_exit");
        return new Frame(66, 2)
                .u32(generation)
                .u32(1)
                .u16(hooks.length)
                .u16(0)
                .u32(0)
                .bytes(hooks)
                .done();
    }

    /** One CPU: for each kind its number is sent, a tenth of it lost. */
    static byte[] heartbeat(int generation) {
        Frame frame = new Frame(67, 3)
                .u64(4)
                .u64(5)
                .u64(6)
                .u32(7)
                .u32(8)
                .u32(generation)
                .u16(1)
                .u16(6);
        for (int kind = 0; kind < 6; kind++) {
            frame.u64(kind * 100L);
        }
        for (int kind = 0; kind < 6; kind++) {
            frame.u64(kind * 10L);
        }
        return frame.done();
    }

    static byte[] refused(int refusal, String reason) {
        return new Frame(68, 9)
                .u32(refusal)
                .u16(utf8(reason).length)
                .u16(0)
                .bytes(utf8(reason))
                .done();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] argv(List<String> argv) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String argument : argv) {
            bytes.writeBytes(utf8(argument));
            bytes.write(0);
        }
        return bytes.toByteArray();
    }

    /** A frame in the making. */
    static final class Frame {
        private final ByteBuffer bytes = ByteBuffer.allocate(65536).order(ByteOrder.LITTLE_ENDIAN);

        Frame(int kind, long boottime) {
            u32(0).u16(1).u16(kind).u64(boottime);
        }

        Frame subject(ProbeEvent.Subject s) {
            u64(s.startBoottimeNanos()).u64(s.parentStartBoottimeNanos()).u64(s.cgroupId());
            u64(s.pidsCgroupId()).u64(s.capEffective()).u64(s.capPermitted()).u64(s.pidInode());
            u32(s.pid())
                    .u32(s.tid())
                    .u32(s.vpid())
                    .u32(s.parentPid())
                    .u32(s.pgid())
                    .u32(s.sid());
            u32((int) s.uid())
                    .u32((int) s.gid())
                    .u32((int) s.realUid())
                    .u32(s.loginUid())
                    .u32(s.tty());
            u32((int) s.mntNs()).u32((int) s.pidNs()).u32(0);
            byte[] comm = new byte[16];
            byte[] name = utf8(s.comm());
            System.arraycopy(name, 0, comm, 0, name.length);
            return bytes(comm);
        }

        Frame u64(long value) {
            bytes.putLong(value);
            return this;
        }

        Frame u32(int value) {
            bytes.putInt(value);
            return this;
        }

        Frame u16(int value) {
            bytes.putShort((short) value);
            return this;
        }

        Frame bytes(byte[]... parts) {
            for (byte[] part : parts) {
                bytes.put(part);
            }
            return this;
        }

        byte[] done() {
            bytes.putInt(0, bytes.position());
            byte[] frame = new byte[bytes.position()];
            bytes.flip().get(frame);
            return frame;
        }
    }
}
