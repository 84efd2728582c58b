package io.keplerfs.sim;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Thousands of broken clocks and disks are no news to anybody: warnings of the register are left out meanwhile. */
final class QuietRegisters implements BeforeAllCallback, AfterAllCallback {
    private static Logger registers() {
        return (Logger) LoggerFactory.getLogger("io.keplerfs.register");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        registers().setLevel(Level.ERROR);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        registers().setLevel(null);
    }
}
