package io.keplerfs.examples.commands;

import io.keplerfs.Consistency;
import io.keplerfs.Durability;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How words of the command line become values of the API. */
public final class Conversions {
    private Conversions() {}

    /** A time such as {@code 500ms}, {@code 15s}, {@code 2m} or {@code 1h}. */
    static final class Span implements ITypeConverter<Duration> {
        private static final Pattern SPAN = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

        @Override
        public Duration convert(String word) {
            Matcher span = SPAN.matcher(word);
            if (!span.matches()) {
                throw new TypeConversionException("'" + word + "' is no time; write 500ms, 15s, 2m or 1h");
            }
            long number = Long.parseLong(span.group(1));
            return switch (span.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
            };
        }
    }

    /** Teaches a finished command line (subcommands added) all of them. */
    public static void register(CommandLine commands) {
        commands.registerConverter(FilePath.class, FilePath::parse);
        commands.registerConverter(Durability.class, saying(Durability::parse));
        commands.registerConverter(Consistency.class, saying(Consistency::parse));
        commands.registerConverter(VersionId.class, saying(VersionId::parse));
    }

    /** Keeps the API's own words about a bad value; picocli would print the exception's class instead. */
    private static <T> ITypeConverter<T> saying(Function<String, T> parse) {
        return word -> {
            try {
                return parse.apply(word);
            } catch (IllegalArgumentException refused) {
                throw new TypeConversionException(String.valueOf(refused.getMessage()));
            }
        };
    }
}
