package io.keplerfs.examples.daemon;

import io.keplerfs.KeplerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one node runs with, and where each value came from.
 *
 * @param options the checked whole
 * @param effective every setting in the order of the README's table
 */
record NodeSettings(KeplerOptions options, List<Effective> effective) {
    private static final List<String> WILDCARD_HOSTS = List.of("0.0.0.0", "::", "[::]");

    /**
     * One setting as it applies.
     *
     * @param name of the variable
     * @param value never the secret itself
     * @param origin {@code flag}, {@code environment} or {@code default}
     */
    record Effective(String name, String value, String origin) {}

    /** Settings that cannot work: every problem, each naming the setting, its value and what is allowed. */
    static final class BadSettingsException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        BadSettingsException(List<String> problems) {
            super(String.join("\n", problems));
        }
    }

    /**
     * Reads all settings: a flag wins over the environment, the environment over the default; an empty value counts as not
     * set.
     *
     * @param flags by variable name
     */
    static NodeSettings read(Map<String, String> environment, Map<String, String> flags) {
        return new Reading(environment, flags).finish();
    }

    /** One pass over the variables; collects problems instead of stopping at the first. */
    private static final class Reading {
        private final KeplerOptions.Builder options = KeplerOptions.builder();
        private final List<String> problems = new ArrayList<>();
        private final List<Effective> effective = new ArrayList<>();
        private final Map<String, String> given = new HashMap<>();

        private Reading(Map<String, String> environment, Map<String, String> flags) {
            for (NodeVariable variable : NodeVariable.all()) {
                String flag = flags.getOrDefault(variable.name(), "");
                String value = flag.isEmpty() ? environment.getOrDefault(variable.name(), "") : flag;
                if (!value.isEmpty()) {
                    given.put(variable.name(), value);
                    take(variable, value);
                }
                String origin =
                        !flag.isEmpty() ? "flag " + variable.flag() : value.isEmpty() ? "default" : "environment";
                effective.add(new Effective(variable.name(), shown(variable, value), origin));
            }
        }

        private void take(NodeVariable variable, String value) {
            try {
                variable.rule().apply(value, options);
            } catch (IllegalArgumentException refused) {
                problems.add(variable.name() + "=" + (variable.isSecret() ? "(hidden)" : value) + ": "
                        + refused.getMessage());
            }
        }

        private String shown(NodeVariable variable, String value) {
            if (variable.isSecret()) {
                return value.isEmpty() ? "" : "(set)";
            } else if (!value.isEmpty()) {
                return value;
            }
            return switch (variable.name()) {
                case NodeVariable.NODE_ID -> "";
                case NodeVariable.DATA_DIR -> dataDirectory().toString();
                case NodeVariable.ADVERTISE_HOST -> bindHost();
                default -> variable.fallback().equals("empty") ? "" : variable.fallback();
            };
        }

        private Path dataDirectory() {
            return Path.of("data", given.getOrDefault(NodeVariable.NODE_ID, "$NODE_ID"));
        }

        private String bindHost() {
            return given.getOrDefault(NodeVariable.BIND_HOST, "127.0.0.1");
        }

        private NodeSettings finish() {
            checkWhatBelongsTogether();
            if (problems.isEmpty()) {
                try {
                    return new NodeSettings(options.build(), List.copyOf(effective));
                } catch (IllegalArgumentException refused) {
                    problems.add(String.valueOf(refused.getMessage()));
                }
            }
            throw new BadSettingsException(problems);
        }

        private void checkWhatBelongsTogether() {
            if (!given.containsKey(NodeVariable.NODE_ID)) {
                problems.add(
                        0,
                        "NODE_ID is not set: give this node a name of its own, such as NODE_ID=node-a or --node-id "
                                + "node-a");
            }
            if (WILDCARD_HOSTS.contains(bindHost()) && !given.containsKey(NodeVariable.ADVERTISE_HOST)) {
                problems.add("BIND_HOST=" + bindHost()
                        + ": peers cannot connect to that; set ADVERTISE_HOST to a name or address they can reach");
            }
            samePort(NodeVariable.HTTP_PORT, NodeVariable.GOSSIP_PORT);
            samePort(NodeVariable.HTTP_PORT, NodeVariable.TRANSFER_PORT);
            samePort(NodeVariable.GOSSIP_PORT, NodeVariable.TRANSFER_PORT);
        }

        private void samePort(String one, String other) {
            String port = portOf(one);
            if (!port.equals("0") && port.equals(portOf(other))) {
                problems.add(one + " and " + other + " are both " + port + ": each needs a port of its own");
            }
        }

        private String portOf(String name) {
            return effective.stream()
                    .filter(setting -> setting.name().equals(name))
                    .map(Effective::value)
                    .findFirst()
                    .orElseThrow();
        }
    }
}
