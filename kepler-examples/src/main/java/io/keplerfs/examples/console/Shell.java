package io.keplerfs.examples.console;

import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * All that a command sees of the world around it, so that tests can put another one there.
 *
 * @param environment the process environment
 * @param in standard input
 * @param out results
 * @param err everything else: errors, notes, progress
 * @param terminal whether a person watches; decides between bars and plain lines
 * @param connector reaches a running cluster
 * @param starter starts a node in this process
 */
public record Shell(
        Map<String, String> environment,
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean terminal,
        Connector connector,
        Starter starter) {

    /** As {@link KeplerCluster#connect(String)}. */
    @FunctionalInterface
    public interface Connector {
        KeplerCluster connect(String urls);
    }

    /** As {@link KeplerNode#start}. */
    @FunctionalInterface
    public interface Starter {
        KeplerNode start(KeplerOptions options) throws IOException;
    }

    public Shell {
        environment = Map.copyOf(environment);
    }

    /** This process as it is. */
    public static Shell system() {
        return new Shell(
                System.getenv(),
                System.in,
                System.out,
                System.err,
                isTerminal(System.console()),
                KeplerCluster::connect,
                KeplerNode::start);
    }

    /** Since Java 22 there is a console even without a terminal; it can be asked, but not when compiled for Java 17. */
    private static boolean isTerminal(@org.jspecify.annotations.Nullable Console console) {
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException olderJava) {
            return true;
        } catch (ReflectiveOperationException unknown) {
            return false;
        }
    }
}
