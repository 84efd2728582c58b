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
            case DEBTS_FORGOTTEN ->
                new Slip() {
                    @Override
                    public boolean keeps(QueueRow task) {
                        return false;
                    }
                };
            case PIN_NOT_RECORDED ->
                new Slip() {
                    @Override
                    public boolean keepsReferences() {
                        return false;
                    }
                };
            case UNPIN_FORGOTTEN ->
                new Slip() {
                    @Override
                    public boolean dropsReferences() {
                        return false;
                    }
                };
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
}
