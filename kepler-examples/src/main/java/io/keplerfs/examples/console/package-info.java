/** What every command says and how: streams, exit codes, errors, tables, progress. */
@NullMarked
package io.keplerfs.examples.console;

import org.jspecify.annotations.NullMarked;
