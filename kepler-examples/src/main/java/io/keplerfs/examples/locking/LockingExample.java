package io.keplerfs.examples.locking;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerException;
import io.keplerfs.Lease;
import io.keplerfs.LeaseOptions;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * One of several processes that write the same file, one at a time: start it twice against one cluster, and stop the one that
 * holds the lock with Ctrl-Z. The other takes over; when the first goes on ({@code fg}), its late write is refused.
 *
 * <pre>
 * java -cp kepler.jar io.keplerfs.examples.locking.LockingExample http://127.0.0.1:3000 first
 * </pre>
 */
public final class LockingExample {
    static final Duration TTL = Duration.ofSeconds(3);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private LockingExample() {}

    public static void main(String[] arguments) throws IOException {
        String url = arguments.length > 0 ? arguments[0] : "http://127.0.0.1:3000";
        String owner = arguments.length > 1
                ? arguments[1]
                : "process " + ProcessHandle.current().pid();
        ScheduledExecutorService renewals = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "renewals");
            thread.setDaemon(true);
            return thread;
        });
        try (KeplerCluster cluster = KeplerCluster.connect(url)) {
            takeATurn(cluster.createBucket("locking"), owner, renewals);
        } finally {
            renewals.shutdownNow();
        }
    }

    private static void takeATurn(Bucket bucket, String owner, ScheduledExecutorService renewals) throws IOException {
        LeaseOptions options = LeaseOptions.of(owner, TTL).withPatience(PATIENCE);
        try (Lease lease = Lease.acquire(bucket, "result.lock", options)) {
            lease.keepRenewing(renewals, lost -> say(owner + " is told that its lease is lost"));
            say(owner + " holds token " + lease.token() + "; press Enter to write");
            if (System.in.read() < 0) {
                say(owner + " ends without writing");
                return;
            }
            write(bucket, owner, lease);
        }
    }

    /** It does not matter whether this process still thinks that it holds the lease: the owners of the file know better. */
    private static void write(Bucket bucket, String owner, Lease lease) throws KeplerException {
        byte[] content = (owner + " with token " + lease.token()).getBytes(StandardCharsets.UTF_8);
        try {
            FileInfo written = bucket.put("result", content, PutOptions.fencing(lease.token()));
            say(owner + " wrote version " + written.etag() + " with token " + lease.token());
        } catch (PreconditionFailedException tooLate) {
            say(owner + " came too late: precondition failed, token "
                    + tooLate.storedToken().orElse(-1) + " is stored");
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
