package io.keplerfs.repair;

import io.keplerfs.InvalidRequestException;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.rpc.Kind;
import io.keplerfs.spi.Message;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What nodes ask each other about repair.
 *
 * <pre>
 * request  u8 kind | u8 order: 0 tell, 1 start, 2 pause, 3 resume, 4 throttle | text work | long bytes per second
 * answer   u8 0 | status  or  u8 1 | text why the order is refused
 * status   long bandwidth | long trash | long unreferenced | list of backlog | list of work
 * backlog  u8 priority | long tasks | long chunks | long bytes
 * work     text name | u8 state: 0 waiting, 1 running, 2 paused | long done | long total | long done bytes | long total bytes
 *          | long bytes per second | long found | long last finished, milliseconds since 1970, -1 never
 * </pre>
 */
final class RepairMessages {
    /** What is wanted. */
    enum Order {
        TELL,
        START,
        PAUSE,
        RESUME,
        THROTTLE
    }

    /**
     * @param work for START, PAUSE and RESUME, else empty
     * @param bytesPerSecond for THROTTLE, else 0
     */
    record Request(Order order, String work, long bytesPerSecond) {}

    /** In the order of their numbers. */
    private static final List<Order> ORDERS =
            List.of(Order.TELL, Order.START, Order.PAUSE, Order.RESUME, Order.THROTTLE);

    /** In the order of their numbers. */
    private static final List<Priority> PRIORITIES =
            List.of(Priority.SMALL, Priority.ONE_COPY_LEFT, Priority.UNDER_REPLICATED, Priority.MOVE, Priority.OTHER);

    /** In the order of their numbers. */
    private static final List<RepairWork.State> STATES =
            List.of(RepairWork.State.WAITING, RepairWork.State.RUNNING, RepairWork.State.PAUSED);

    private static final int DONE = 0;
    private static final int REFUSED = 1;

    private RepairMessages() {}

    static Message write(Request request) {
        return Message.of(new WireWriter()
                .u8(Kind.REPAIR.code())
                .u8(ORDERS.indexOf(request.order()))
                .text(request.work())
                .int64(request.bytesPerSecond())
                .toBuffer());
    }

    static Request readRequest(WireReader in) {
        Request request = new Request(constant(ORDERS, in.u8()), in.text(), in.int64());
        in.end();
        return request;
    }

    static Message refused(String why) {
        return Message.of(new WireWriter().u8(REFUSED).text(why).toBuffer());
    }

    static Message write(RepairStatus status) {
        WireWriter out = new WireWriter()
                .u8(DONE)
                .int64(status.bandwidthBytesPerSecond())
                .int64(status.trashBytes())
                .int64(status.unreferencedBytes());
        out.list(
                status.backlog(),
                (writer, backlog) -> writer.u8(PRIORITIES.indexOf(backlog.priority()))
                        .int64(backlog.tasks())
                        .int64(backlog.chunks())
                        .int64(backlog.bytes()));
        out.list(status.works(), RepairMessages::write);
        return Message.of(out.toBuffer());
    }

    private static void write(WireWriter out, RepairWork work) {
        out.text(work.name())
                .u8(STATES.indexOf(work.state()))
                .int64(work.done())
                .int64(work.total())
                .int64(work.doneBytes())
                .int64(work.totalBytes())
                .int64(work.bytesPerSecond())
                .int64(work.found())
                .int64(work.lastFinished().map(Instant::toEpochMilli).orElse(-1L));
    }

    static RepairStatus readAnswer(WireReader in, NodeId node) throws InvalidRequestException {
        if (in.u8() == REFUSED) {
            throw new InvalidRequestException("node " + node + " refuses: " + in.text());
        }
        long bandwidth = in.int64();
        long trash = in.int64();
        long unreferenced = in.int64();
        List<Backlog> backlog = in.list(reader ->
                new Backlog(constant(PRIORITIES, reader.u8()), reader.int64(), reader.int64(), reader.int64()));
        List<RepairWork> works = in.list(RepairMessages::readWork);
        in.end();
        return new RepairStatus(node, "", works, backlog, bandwidth, trash, unreferenced);
    }

    private static RepairWork readWork(WireReader in) {
        return new RepairWork(
                in.text(),
                constant(STATES, in.u8()),
                in.int64(),
                in.int64(),
                in.int64(),
                in.int64(),
                in.int64(),
                in.int64(),
                Optional.of(in.int64()).filter(millis -> millis >= 0).map(Instant::ofEpochMilli));
    }

    private static <E> E constant(List<E> constants, int at) {
        if (at >= constants.size()) {
            throw new MalformedMessageException("nothing has the number " + at + " among " + constants);
        }
        return constants.get(at);
    }
}
