/**
 * Who owns what: numbered views of the cluster, how the next one is agreed, and how ownership moves from one to the next.
 *
 * <p>A <b>stage</b> numbers what an owner may take part in: {@code 2e} while view {@code e} stands alone, {@code 2e + 1} while
 * ownership moves from view {@code e} to {@code e + 1}. An owner's stage only rises, durably, and it refuses register messages
 * of earlier stages.
 */
@NullMarked
package io.keplerfs.view;

import org.jspecify.annotations.NullMarked;
