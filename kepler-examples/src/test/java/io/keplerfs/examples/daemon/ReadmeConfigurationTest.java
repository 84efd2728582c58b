package io.keplerfs.examples.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The README's table of settings is the one in the code. */
class ReadmeConfigurationTest {
    @Test
    void theReadmeNamesEverySettingWithItsDefaultAndMeaning() throws IOException {
        List<String> expected = NodeVariable.all().stream()
                .map(variable ->
                        "| `" + variable.name() + "` | " + variable.fallback() + " | " + variable.meaning() + " |")
                .toList();

        List<String> documented = Files.readAllLines(Path.of("..", "README.md")).stream()
                .filter(line -> line.matches("\\| `[A-Z0-9_]+` \\|.*"))
                .toList();

        assertThat(documented).isEqualTo(expected);
    }
}
