package io.keplerfs.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compares the ring with vectors.txt, which vectors.py, a second implementation beside it, made once. It must never change. */
class RingVectorsTest {
    @TestFactory
    Stream<DynamicTest> theRingIsTheOneEveryOtherNodeComputes() throws IOException {
        return vectors().stream().map(vector -> DynamicTest.dynamicTest(vector.name, vector::check));
    }

    private static List<Vector> vectors() throws IOException {
        List<Vector> vectors = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(RingVectorsTest.class.getResourceAsStream("vectors.txt")),
                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split("\t", -1);
                if (words[0].equals("ring")) {
                    vectors.add(new Vector(words));
                } else {
                    vectors.get(vectors.size() - 1).add(words);
                }
            }
        }
        assertThat(vectors).hasSize(6);
        return vectors;
    }

    /** One ring of the file with what is known about it. */
    private static final class Vector {
        final String name;
        private final List<String[]> expectations = new ArrayList<>();
        private final int replication;
        private final int partitionBits;
        private final List<RingMember> members = new ArrayList<>();

        Vector(String[] words) {
            name = words[1];
            replication = Integer.parseInt(words[2]);
            partitionBits = Integer.parseInt(words[3]);
        }

        void add(String[] words) {
            if (words[0].equals("member")) {
                members.add(new RingMember(NodeId.parse(words[1]), words[2], Integer.parseInt(words[3])));
            } else {
                expectations.add(words);
            }
        }

        void check() {
            Ring ring = Ring.of(members, replication, partitionBits);
            assertThat(expectations).hasSizeGreaterThan(20);
            expectations.forEach(words -> check(ring, words));
        }

        private static void check(Ring ring, String[] words) {
            switch (words[0]) {
                case "owners" ->
                    assertThat(ring.owners(Integer.parseInt(words[1])))
                            .as("owners of partition %s", words[1])
                            .isEqualTo(nodes(words[2]));
                case "voters" -> assertThat(ring.voters(Ring.MAX_VOTERS)).isEqualTo(nodes(words[1]));
                case "chunk" ->
                    assertThat(ring.partitionOf(ChunkId.parse(words[1]))).isEqualTo(Integer.parseInt(words[2]));
                case "shard" ->
                    assertThat(ring.partitionOf(words[1], Integer.parseInt(words[2])))
                            .as("partition of %s/%s", words[1], words[2])
                            .isEqualTo(Integer.parseInt(words[3]));
                default -> throw new AssertionError("unknown line " + Arrays.toString(words));
            }
        }

        private static List<NodeId> nodes(String ids) {
            return Stream.of(ids.split(",")).map(NodeId::parse).toList();
        }
    }
}
