package io.keplerfs.examples.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.UnavailableException;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.FakeCluster;
import io.keplerfs.examples.FakeRepair;
import io.keplerfs.examples.FakeViews;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RepairWaitTest {
    private static final List<RepairStatus> BUSY = FakeRepair.REPORT.nodes();
    private static final List<RepairStatus> IDLE =
            List.of(new RepairStatus(FakeCluster.id(1), "node-1", List.of(), List.of(), 1, 0, 0));

    private final List<String> told = new ArrayList<>();
    private RepairReport report = new RepairReport(IDLE, List.of());
    private boolean settled = true;
    private long epoch = 7;
    private int seconds;

    private void run(Runnable each) throws IOException {
        FakeRepair repair = new FakeRepair() {
            @Override
            public CompletableFuture<RepairReport> statusAsync() {
                return CompletableFuture.completedFuture(report);
            }
        };
        FakeViews views = new FakeViews() {
            @Override
            public CompletableFuture<ViewStatus> statusAsync() {
                return CompletableFuture.completedFuture(new ViewStatus(epoch, settled, 3, 0, List.of(), List.of()));
            }
        };
        new RepairWait(repair, views, told::add, () -> {
                    seconds++;
                    each.run();
                })
                .untilDone();
    }

    @Test
    void oneLookThatFindsNothingIsNotEnough() throws IOException {
        run(() -> {
            if (seconds == 3) {
                report = new RepairReport(BUSY, List.of());
            } else if (seconds == 20) {
                report = new RepairReport(IDLE, List.of());
            }
        });

        assertThat(seconds).isEqualTo(20 + RepairWait.QUIET_LOOKS);
        assertThat(told).anyMatch(line -> line.contains("20 copies to make"));
    }

    @Test
    void itWaitsForAViewToSettleAndThenForWhatItOwes() throws IOException {
        settled = false;
        run(() -> settled = seconds >= 100);

        assertThat(seconds).isEqualTo(100 + RepairWait.QUIET_LOOKS);
        assertThat(told).first().asString().contains("moving to view 7");
    }

    @Test
    void anotherViewBeginsTheQuietTimeAnew() throws IOException {
        run(() -> epoch = seconds >= 5 ? 8 : 7);

        assertThat(seconds).isEqualTo(5 + RepairWait.QUIET_LOOKS);
    }

    @Test
    void aMemberThatRestartsIsWaitedFor() throws IOException {
        report = new RepairReport(IDLE, List.of(FakeCluster.id(2)));
        run(() -> report = new RepairReport(IDLE, seconds < 30 ? report.silent() : List.of()));

        assertThat(seconds).isEqualTo(30 + RepairWait.QUIET_LOOKS);
    }

    @Test
    void aMemberThatStaysSilentIsAFailure() {
        report = new RepairReport(IDLE, List.of(FakeCluster.id(2)));

        assertThatThrownBy(() -> run(() -> {}))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining(FakeCluster.id(2).toString());
        assertThat(seconds).isLessThan(RepairWait.SILENT_LOOKS);
    }
}
