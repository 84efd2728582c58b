package io.keplerfs.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.examples.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows is what the code has. */
class ReadmeTest {
    private static final Path README = Path.of("..", "README.md");
    private static final Path EXAMPLE = Path.of("src/main/java/io/keplerfs/examples/EmbeddingExample.java");
    private static final int FIRST_SCREEN_LINES = 36;

    @Test
    void theEmbeddingSnippetIsTheCompiledExample() throws IOException {
        String readme = Files.readString(README);
        String source = Files.readString(EXAMPLE);
        String shown = between(readme, "```java\n", "```");
        String compiled =
                between(source, "// README begins\n", "// README ends").stripIndent();

        assertThat(shown).isEqualTo(compiled);
        assertThat(shown.lines()).hasSizeLessThanOrEqualTo(12);
        assertThat(readme.substring(0, readme.indexOf(shown) + shown.length()).lines())
                .as("the snippet is on the first screen")
                .hasSizeLessThanOrEqualTo(FIRST_SCREEN_LINES);
    }

    @Test
    void theExitCodesAreTheOnesOfTheRunner() throws IOException {
        List<String> expected = Arrays.stream(ExitCode.values())
                .map(code -> "| " + code.code() + " | " + code.meaning() + " |")
                .toList();

        assertThat(Files.readAllLines(README)).containsSubsequence(expected);
    }

    @Test
    void everyCommandOfTheReadmeExists() throws IOException {
        String readme = Files.readString(README);
        List<String> commands = Pattern.compile("(?m)(?:kepler\\.jar|^kepler) ([a-z]+)")
                .matcher(readme)
                .results()
                .map((MatchResult match) -> match.group(1))
                .distinct()
                .toList();

        assertThat(commands).contains("demo", "node", "put", "ls", "get", "status");
        assertThat(commands)
                .allSatisfy(command -> assertThat(
                                new Terminal().run(command, "--help").exitCode())
                        .as("kepler " + command)
                        .isZero());
    }

    private static String between(String text, String begin, String end) {
        int from = text.indexOf(begin) + begin.length();
        return text.substring(from, text.indexOf(end, from));
    }
}
