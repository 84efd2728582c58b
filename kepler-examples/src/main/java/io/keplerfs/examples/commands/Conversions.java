package io.keplerfs.examples.commands;

import io.keplerfs.Consistency;
import io.keplerfs.Durability;
import io.keplerfs.values.VersionId;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How words of the command line become values of the API. */
public final class Conversions {
    private Conversions() {}

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
