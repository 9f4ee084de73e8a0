package dev.pounce.probe;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Speaks the probe's side of the protocol over a real socket, one step at a time. */
final class FakeProbe implements AutoCloseable {

    private final SocketChannel channel;

    private FakeProbe(SocketChannel channel) {
        this.channel = channel;
    }

    static FakeProbe connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return new FakeProbe(channel);
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Waits for a FILTER and returns it; its position is behind the header. */
    ByteBuffer filter() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        read(header);
        int size = header.getInt(0);
        if (header.getShort(6) != FrameDecoder.FILTER) {
            throw new IOException("expected a FILTER, got kind " + header.getShort(6));
        }
        ByteBuffer body = ByteBuffer.allocate(size - 16).order(ByteOrder.LITTLE_ENDIAN);
        read(body);
        return body.flip();
    }

    /** True once the other side has hung up. */
    boolean isHungUpOn() throws IOException {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    private void read(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new IOException("the engine hung up");
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
