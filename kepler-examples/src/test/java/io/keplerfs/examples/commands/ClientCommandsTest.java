package io.keplerfs.examples.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.Consistency;
import io.keplerfs.CorruptFileException;
import io.keplerfs.Durability;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import io.keplerfs.examples.FakeCluster;
import io.keplerfs.examples.FakeViews;
import io.keplerfs.examples.Terminal;
import io.keplerfs.examples.Terminal.Result;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientCommandsTest {
    private final Terminal terminal = new Terminal();

    @TempDir
    private Path directory;

    private Path hello;

    @BeforeEach
    void oneFileHere() throws IOException {
        hello = Files.writeString(directory.resolve("hello.txt"), "hello");
    }

    private Result putHello(String target) {
        return terminal.run("put", hello.toString(), target, "--create-bucket");
    }

    @Test
    void putStoresAFileUnderTheGivenKey() {
        Result result = putHello("docs/a/b.txt");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).contains("docs/a/b.txt", "5 B", "2 copies on disk", "1 to follow", "etag");
        assertThat(terminal.cluster().content("docs", "a/b.txt")).asString().isEqualTo("hello");
        assertThat(terminal.cluster().isClosed()).isTrue();
    }

    @Test
    void putAddsFileNamesToAPrefix() throws IOException {
        Path other = Files.writeString(directory.resolve("other.txt"), "other");

        Result result = terminal.run("put", hello.toString(), other.toString(), "docs/in/", "--create-bucket");

        assertThat(result.lines()).hasSize(2);
        assertThat(terminal.cluster().content("docs", "in/hello.txt"))
                .asString()
                .isEqualTo("hello");
        assertThat(terminal.cluster().content("docs", "in/other.txt"))
                .asString()
                .isEqualTo("other");
    }

    @Test
    void putReadsStandardInput() {
        terminal.run("mb", "docs");

        Result result = terminal.withInput("from a pipe").run("put", "-", "docs/piped");

        assertThat(result.exitCode()).isZero();
        assertThat(terminal.cluster().content("docs", "piped")).asString().isEqualTo("from a pipe");
    }

    @Test
    void putPassesItsOptionsOn() {
        terminal.run("mb", "docs");

        terminal.run(
                "put",
                hello.toString(),
                "docs/x",
                "--durability=all",
                "--if-absent",
                "--fencing-token=7",
                "--content-type=text/plain",
                "--meta=Color=blue",
                "--version-id=0000000000000000000000000000002a");

        assertThat(terminal.cluster().lastPut().durability()).isEqualTo(Durability.ALL);
        assertThat(terminal.cluster().lastPut().onlyIfAbsent()).isTrue();
        assertThat(terminal.cluster().lastPut().fencingToken()).hasValue(7);
        assertThat(terminal.cluster().lastPut().contentType()).isEqualTo("text/plain");
        assertThat(terminal.cluster().lastPut().metadata()).containsEntry("color", "blue");
        assertThat(terminal.cluster().lastPut().version()).contains(new VersionId(new UUID(0, 42)));
    }

    @Test
    void aConditionThatDoesNotHoldEndsWithFour() {
        putHello("docs/x");

        assertThat(terminal.run("put", hello.toString(), "docs/x", "--if-absent")
                        .exitCode())
                .isEqualTo(4);
        assertThat(terminal.run("put", hello.toString(), "docs/x", "--if-match=nope")
                        .exitCode())
                .isEqualTo(4);
    }

    @Test
    void putJsonHasTheReceipt() {
        Result result = terminal.run("put", hello.toString(), "docs/x", "--create-bucket", "--json");

        JsonObject file = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(file.keySet())
                .containsExactly(
                        "bucket", "key", "sizeBytes", "etag", "contentType", "modifiedAt", "metadata", "receipt");
        assertThat(file.getAsJsonObject("receipt").keySet())
                .containsExactly("durability", "fsyncedCopies", "owners", "pending");
        assertThat(file.get("sizeBytes").getAsLong()).isEqualTo(5);
        assertThat(result.err()).isEmpty();
    }

    @Test
    void whatCannotBeStoredIsRefusedBeforeAnythingIsSent() {
        String missing = directory.resolve("missing").toString();

        assertThat(terminal.run("put", missing, "docs/x"))
                .satisfies(result -> assertThat(result.exitCode()).isEqualTo(1))
                .satisfies(result -> assertThat(result.err()).contains(missing + ": no such file"));
        assertThat(terminal.run("put", directory.toString(), "docs/x").err()).contains("is a directory");
        assertThat(terminal.run("put", hello.toString(), hello.toString(), "docs/x"))
                .satisfies(result -> assertThat(result.exitCode()).isEqualTo(2))
                .satisfies(result -> assertThat(result.err()).contains("end it with '/'"));
        assertThat(terminal.run("put", "-", "docs/").err()).contains("has no name of its own");
        assertThat(terminal.connectedTo()).isEmpty();
    }

    @Test
    void getWritesTheFileAndLeavesNoPart() throws IOException {
        putHello("docs/a/b.txt");
        Path target = directory.resolve("copy");

        Result result = terminal.run("get", "docs/a/b.txt", target.toString(), "--consistency=local", "--verify");

        assertThat(result.exitCode()).isZero();
        assertThat(target).hasContent("hello");
        assertThat(directory.resolve("copy.part")).doesNotExist();
        assertThat(terminal.cluster().lastGet().consistency()).isEqualTo(Consistency.LOCAL);
        assertThat(terminal.cluster().lastGet().verifySha256()).isTrue();
    }

    @Test
    void getIntoADirectoryKeepsTheLastName() {
        putHello("docs/a/b.txt");

        terminal.run("get", "docs/a/b.txt", directory.toString());

        assertThat(directory.resolve("b.txt")).hasContent("hello");
    }

    @Test
    void getToStandardOutputWritesNothingButTheContent() {
        putHello("docs/x");

        assertThat(terminal.run("get", "docs/x", "-").out()).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs/..", "docs/a/..", "docs/a/", "docs/."})
    void aKeyThatIsNoFileNameNeedsATarget(String key) {
        Result result = terminal.run("get", key);

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("say where to put");
    }

    @Test
    void aFailedGetKeepsTheOldFile() throws IOException {
        Path target = Files.writeString(directory.resolve("kept"), "old");
        terminal.run("mb", "docs");

        assertThat(terminal.run("get", "docs/missing", target.toString()).exitCode())
                .isEqualTo(3);

        assertThat(target).hasContent("old");
        assertThat(directory.resolve("kept.part")).doesNotExist();
    }

    @Test
    void aGetThatBreaksOffKeepsTheOldFileAndLeavesNoPart() throws IOException {
        Path target = Files.writeString(directory.resolve("kept"), "old");
        putHello("docs/x");
        terminal.cluster().breakOff("x");

        Result result = terminal.run("get", "docs/x", target.toString());

        assertThat(result.exitCode()).isEqualTo(5);
        assertThat(result.err()).contains("every owner went away");
        assertThat(target).hasContent("old");
        assertThat(directory.resolve("kept.part")).doesNotExist();
    }

    @Test
    void lsFoldsAtSlashesAndWalksAllPages() {
        Stream.of("a/1", "a/2", "b", "c", "d/1").forEach(key -> putHello("docs/" + key));

        assertThat(terminal.run("ls").lines()).containsExactly("docs");
        assertThat(terminal.run("ls", "docs").lines()).containsExactlyInAnyOrder("a/", "b", "c", "d/");
        assertThat(terminal.run("ls", "-r", "docs").lines()).containsExactly("a/1", "a/2", "b", "c", "d/1");
        assertThat(terminal.run("ls", "-r", "docs/a/").lines()).containsExactly("a/1", "a/2");
        assertThat(terminal.run("ls", "-l", "docs").out()).contains("5 B", "1970-01-01T00:00:00Z");
    }

    @Test
    void lsJsonIsOneObjectALine() {
        putHello("docs/a/1");
        putHello("docs/b");

        assertThat(terminal.run("ls", "docs", "--json").lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(
                                JsonParser.parseString(line).getAsJsonObject().has("bucket"))
                        .isTrue());
    }

    @Test
    void rmDeletesAndSaysWhenNothingWasThere() {
        putHello("docs/x");

        assertThat(terminal.run("rm", "docs/x", "--fencing-token=3", "--durability=fast")
                        .out())
                .contains("deleted docs/x");
        assertThat(terminal.cluster().lastDelete().fencingToken()).hasValue(3);
        assertThat(terminal.cluster().lastDelete().durability()).isEqualTo(Durability.FAST);
        assertThat(terminal.run("rm", "docs/x"))
                .satisfies(result -> assertThat(result.exitCode()).isZero())
                .satisfies(result -> assertThat(result.out()).contains("was not there"));
    }

    @Test
    void statShowsTheFileAndItsOwners() {
        putHello("docs/x");

        assertThat(terminal.run("stat", "docs/x").out())
                .contains("docs/x", "5 bytes", "node-2, node-1", "application/octet-stream");
        assertThat(JsonParser.parseString(
                                terminal.run("stat", "docs/x", "--json").out())
                        .getAsJsonObject()
                        .getAsJsonArray("owners"))
                .hasSize(2);
        assertThat(terminal.run("stat", "docs/none").exitCode()).isEqualTo(3);
    }

    @Test
    void statusShowsEveryMember() {
        Result text = terminal.run("status");
        assertThat(text.out()).contains("epoch 7", "3 copies", "2 queued");
        assertThat(text.out())
                .containsPattern(
                        "node-1 \\*\\s+00000000\\s+alive\\s+rack-1\\s+1\\s+50.0 %\\s+12\\s+3.4 MB\\s+-\\s+-\\s+5 ");
        assertThat(text.out())
                .containsPattern("node-2\\s+00000000\\s+dead\\s+-\\s+2\\s+50.0 %\\s+-\\s+-\\s+2.5 s\\s+1.5 ms\\s+5 ");
        assertThat(text.out()).contains("local health 1 of 8", "itself is slow");

        JsonObject status =
                JsonParser.parseString(terminal.run("status", "--json").out()).getAsJsonObject();
        assertThat(status.keySet())
                .containsExactly(
                        "self",
                        "clusterId",
                        "epoch",
                        "settled",
                        "replicationFactor",
                        "queued",
                        "queuedCopies",
                        "localHealth",
                        "members",
                        "view");
        assertThat(status.getAsJsonArray("members").get(0).getAsJsonObject().keySet())
                .containsExactly(
                        "id",
                        "label",
                        "zone",
                        "weight",
                        "address",
                        "state",
                        "incarnation",
                        "owner",
                        "ringShare",
                        "chunks",
                        "bytesUsed");
        assertThat(status.getAsJsonArray("members").get(1).getAsJsonObject().get("contact"))
                .hasToString("{\"sinceHeardMillis\":2500,\"roundTripMicros\":1500}");
    }

    @Test
    void statusShowsWhatTheViewDoesWithEachMember() {
        assertThat(terminal.run("status").out())
                .containsPattern("node-a\\s+active\\s+-\\s+1\\s+-")
                .containsPattern("node-b\\s+draining\\s+east\\s+2\\s+12");
    }

    @Test
    void statusSaysInOneLineWhatIsToBeRepaired() {
        assertThat(terminal.run("status").out())
                .contains("1 of them copies", "repair: at most 7 chunks lack a copy, 20 copies", "30.0 kB", "1.0 kB/s")
                .contains("30 s left", "1 members do not answer");
    }

    @Test
    void repairShowsEveryNodeAndEveryWork() {
        Result text = terminal.run("repair");
        assertThat(text.exitCode()).isZero();
        assertThat(text.out()).containsPattern("node-1\\s+7\\s+20\\s+30.0 kB\\s+1.0 kB/s\\s+30 s\\s+50.0 MB/s\\s+3");
        assertThat(text.out()).containsPattern("node-1\\s+queue\\s+running\\s+10\\s+30");
        assertThat(text.out()).containsPattern("node-1\\s+scrub\\s+paused");
        assertThat(text.out()).contains("no answer from [" + FakeCluster.id(2));

        JsonObject node = JsonParser.parseString(
                        terminal.run("repair", "--json").out())
                .getAsJsonObject()
                .getAsJsonArray("nodes")
                .get(0)
                .getAsJsonObject();
        assertThat(node.get("underReplicatedChunks").getAsLong()).isEqualTo(7);
        assertThat(node.getAsJsonArray("backlog").get(1).toString())
                .isEqualTo("{\"priority\":\"one-copy-left\",\"tasks\":12,\"chunks\":7,\"bytes\":20000}");
        assertThat(node.getAsJsonArray("works")
                        .get(0)
                        .getAsJsonObject()
                        .get("remainingSeconds")
                        .getAsLong())
                .isEqualTo(30);
    }

    @Test
    void ordersReachTheNamedWorkAndNodes() {
        assertThat(terminal.run("repair", "pause", "queue", "--node", "node-a,node-b")
                        .exitCode())
                .isZero();
        assertThat(terminal.run("repair", "start").exitCode()).isZero();
        assertThat(terminal.run("repair", "throttle", "20MB").exitCode()).isZero();
        assertThat(terminal.run("scrub", "resume", "--node", "node-b").out())
                .contains("scrub")
                .doesNotContain("queue");

        assertThat(terminal.cluster().repair().orders())
                .containsExactly(
                        "pause queue " + List.of(FakeViews.ONE, FakeViews.TWO),
                        "start queue []",
                        "start scrub []",
                        "throttle 20000000 []",
                        "resume scrub " + List.of(FakeViews.TWO));
    }

    @Test
    void ordersThatMakeNoSenseAreRefused() {
        assertThat(terminal.run("repair", "pause", "dishes").exitCode()).isEqualTo(2);
        assertThat(terminal.run("repair", "pause", "queue", "--node", "node-x").exitCode())
                .isEqualTo(3);
        assertThat(terminal.run("repair", "throttle", "fast").err()).contains("'fast' is no rate", "20MB");
        assertThat(terminal.run("repair", "throttle").exitCode()).isEqualTo(2);
        assertThat(terminal.run("repair", "status", "queue").exitCode()).isEqualTo(2);
        assertThat(terminal.run("scrub", "throttle").exitCode()).isEqualTo(2);
        assertThat(terminal.cluster().repair().orders()).isEmpty();
    }

    @Test
    void ownersShowsWhoReallyHoldsEachChunk() {
        putHello("docs/x");
        Result text = terminal.run("owners", "docs/x");
        assertThat(text.out()).contains("manifest  node-2, node-1", "HELD BY");
        assertThat(text.lines()).hasSize(5);
        assertThat(terminal.run("owners", "docs/x", "--from", "2").lines()).hasSize(3);
        assertThat(JsonParser.parseString(
                                terminal.run("owners", "docs/x", "--json").out())
                        .getAsJsonObject()
                        .getAsJsonArray("chunks"))
                .hasSize(3);
        assertThat(terminal.run("owners", "docs/none").exitCode()).isEqualTo(3);
        assertThat(terminal.run("owners", "docs/x", "--limit", "0").exitCode()).isEqualTo(2);
    }

    @Test
    void membersAreDrainedAndEvictedByLabelOrId() {
        assertThat(terminal.run("drain", "node-a").exitCode()).isZero();
        assertThat(terminal.run("drain", "--cancel", FakeViews.TWO.toString()).exitCode())
                .isZero();
        assertThat(terminal.run("drain", "--wait", FakeViews.GONE.toString()).err())
                .contains("can be stopped");
        assertThat(terminal.run("evict", "node-b").exitCode()).isZero();

        assertThat(terminal.cluster().views().asked())
                .containsExactly(
                        "drain " + FakeViews.ONE,
                        "cancel " + FakeViews.TWO,
                        "drain " + FakeViews.GONE,
                        "evict " + FakeViews.TWO);
        assertThat(terminal.run("evict", "node-x").exitCode()).isEqualTo(3);
    }

    @Test
    void aViewIsForcedOnlyByWhoAcceptsTheLoss() {
        assertThat(terminal.run("force-view", "--survivors", "node-a").exitCode())
                .isEqualTo(2);
        assertThat(terminal.cluster().views().asked()).isEmpty();

        assertThat(terminal.run("force-view", "--survivors", "node-a,node-b", "--i-accept-data-loss")
                        .exitCode())
                .isZero();
        assertThat(terminal.cluster().views().asked())
                .containsExactly("force " + List.of(FakeViews.ONE, FakeViews.TWO));
    }

    @Test
    void bucketsAreMadeListedAndDeletedWhenEmpty() {
        assertThat(terminal.run("mb", "docs", "pics").exitCode()).isZero();
        assertThat(terminal.run("buckets", "--create", "more").exitCode()).isZero();
        assertThat(terminal.run("buckets").out()).contains("docs", "more", "pics");
        putHello("docs/x");

        assertThat(terminal.run("buckets", "--delete", "docs").exitCode()).isEqualTo(4);
        assertThat(terminal.run("buckets", "--delete", "pics").exitCode()).isZero();
        assertThat(terminal.run("buckets", "--delete", "pics").exitCode()).isEqualTo(3);
        assertThat(terminal.run("buckets", "--json").lines()).hasSize(2);
    }

    @Test
    void theAddressComesFromTheFlagThenTheEnvironmentThenTheDefault() {
        terminal.run("ls");
        terminal.with("KEPLER_URL", "http://env:1").run("ls");
        terminal.run("ls", "--url", "http://flag:2");

        assertThat(terminal.connectedTo()).containsExactly("http://127.0.0.1:3000", "http://env:1", "http://flag:2");
    }

    private static Stream<Arguments> outcomes() {
        return Stream.of(
                Arguments.of(new NotFoundException("no bucket docs"), 3, "kepler ls"),
                Arguments.of(new PreconditionFailedException("other etag"), 4, "Nothing changed"),
                Arguments.of(
                        new UnavailableException("1 of 3 owners", Duration.ofSeconds(5), null), 5, "Try again in 5 s"),
                Arguments.of(
                        new IndeterminateException("1 of 2 acks", new VersionId(new UUID(0, 42))),
                        6,
                        "--version-id 0000000000000000000000000000002a"),
                Arguments.of(new CorruptFileException("all copies bad"), 7, "all copies bad"),
                Arguments.of(new InvalidRequestException("key too long"), 2, "key too long"));
    }

    @ParameterizedTest
    @MethodSource("outcomes")
    void everyOutcomeHasItsExitCodeAndSaysWhatToDoInTwoLines(KeplerException outcome, int exitCode, String advice) {
        terminal.cluster().failWith(outcome);

        Result result = terminal.run("stat", "docs/x");

        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.err())
                .startsWith("kepler stat: " + outcome.getMessage())
                .contains(advice)
                .hasLineCount(exitCode == 2 || exitCode == 7 ? 1 : 2);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void verboseAddsTheStackTrace() {
        terminal.cluster().failWith(new NotFoundException("no such thing"));

        assertThat(terminal.run("stat", "docs/x", "--verbose").err()).contains("at io.keplerfs");
    }

    @Test
    void jsonErrorsAreOneObject() {
        terminal.cluster().failWith(new NotFoundException("no such thing"));

        JsonObject error = JsonParser.parseString(
                        terminal.run("stat", "docs/x", "--json").err())
                .getAsJsonObject();

        assertThat(error.get("error").getAsString()).isEqualTo("not_found");
        assertThat(error.get("exitCode").getAsInt()).isEqualTo(3);
        assertThat(error.get("message").getAsString()).contains("no such thing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "stat docs",
                "stat",
                "stat /x",
                "rm docs/",
                "get docs/x y z",
                "put docs/x",
                "put a docs/x --durability=some",
                "put a docs/x --if-absent --if-match=1",
                "put a docs/x --fencing-token=-1",
                "put a docs/x --version-id=12",
                "ls --consistency=weak",
                "ls --nope",
                "frobnicate",
                "buckets --create",
                ""
            })
    void aWrongCommandLineEndsWithTwoAndSaysWhy(String line) throws IOException {
        Files.createDirectories(directory);
        Result result = terminal.run(line.isEmpty() ? new String[0] : line.split(" ", -1));

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).isNotBlank().hasLineCount(result.err().split("\n", -1).length - 1);
        assertThat(result.err().lines().count()).isLessThanOrEqualTo(2);
    }

    @Test
    void aMisspeltOptionGetsASuggestion() {
        assertThat(terminal.run("ls", "--recursiv").err()).contains("--recursive");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "node",
                "put",
                "get",
                "ls",
                "rm",
                "stat",
                "status",
                "drain",
                "evict",
                "force-view",
                "mb",
                "buckets",
                "bench",
                "completion",
                "repair",
                "scrub",
                "owners"
            })
    void everyCommandExplainsItselfWithAnExample(String command) {
        Result result = terminal.run(command, "--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).contains("Usage: kepler " + command, "Example");
    }

    @Test
    void helpNamesEveryCommandAndExitCode() {
        assertThat(terminal.run("--help").out())
                .contains("Exit codes:", "6 ", "may still appear", "completion", "bench", "demo");
        assertThat(terminal.run("--version").out()).startsWith("kepler ");
    }

    @Test
    void completionIsAScriptForBash() {
        assertThat(terminal.run("completion").out()).contains("complete -F", "--create-bucket");
    }

    @Test
    void conflictsAreListedFetchedPromotedAndDropped() throws IOException {
        terminal.run("mb", "docs");
        for (String key : new String[] {"a", "b", "c"}) {
            terminal.cluster().addConflict("docs", key, key.getBytes(StandardCharsets.UTF_8));
        }
        VersionId other = terminal.cluster().addConflict("docs", "c", new byte[] {'d'});
        Path copy = directory.resolve("copy");

        assertThat(terminal.run("conflicts", "ls", "docs").lines()).hasSize(4);
        assertThat(terminal.run("conflicts", "get", "docs/a").out()).isEqualTo("a");
        assertThat(terminal.run("conflicts", "get", "docs/c").exitCode()).isEqualTo(2);
        assertThat(terminal.run(
                                "conflicts",
                                "get",
                                "docs/c",
                                "--version",
                                other.toString(),
                                "--output",
                                copy.toString())
                        .exitCode())
                .isZero();
        assertThat(copy).hasContent("d");
        assertThat(terminal.run("conflicts", "promote", "docs/b").exitCode()).isZero();
        assertThat(terminal.cluster().content("docs", "b")).asString().isEqualTo("b");
        assertThat(terminal.run("conflicts", "rm", "docs/a").exitCode()).isZero();
        assertThat(terminal.run("conflicts", "rm", "docs/a").exitCode()).isEqualTo(3);
        assertThat(terminal.run("conflicts", "ls", "docs").lines()).hasSize(2);
    }

    @Test
    void lockRefusesWhatCannotBeALock() {
        assertThat(terminal.run("lock", "docs", "--", "echo").exitCode()).isEqualTo(2);
        assertThat(terminal.run("lock", "docs/lock", "--ttl=soon", "--", "echo").err())
                .contains("'soon' is no time");
        assertThat(terminal.run("lock", "docs/lock", "--ttl=1ms", "--", "echo").exitCode())
                .isEqualTo(2);
    }
}
