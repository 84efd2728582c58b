/** What demo and bench store: files that are there anyway, and seeded bytes; and how they are compared. */
@NullMarked
package io.keplerfs.examples.content;

import org.jspecify.annotations.NullMarked;
