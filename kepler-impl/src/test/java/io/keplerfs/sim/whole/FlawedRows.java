package io.keplerfs.sim.whole;

import io.keplerfs.memory.DiskTables.Slip;
import io.keplerfs.spi.QueueRow;

/** The mistakes that a disk's tables make. */
final class FlawedRows {
    private FlawedRows() {}

    static Slip of(Flaw flaw) {
        return switch (flaw) {
            case PIN_SAYS_HAVE ->
                new Slip() {
                    @Override
                    public boolean have(boolean really) {
                        return true;
                    }
                };
            case REBALANCE_GIVES_UP -> forgetting("rebalance");
            case DEBTS_FORGOTTEN -> forgetting("");
            case INTENT_REMOVED_EARLY ->
                new Slip() {
                    @Override
                    public boolean keepsIntents() {
                        return false;
                    }
                };
            default -> Slip.NONE;
        };
    }

    private static Slip forgetting(String reason) {
        return new Slip() {
            @Override
            public boolean keeps(QueueRow task) {
                return !task.reason().startsWith(reason);
            }
        };
    }
}
