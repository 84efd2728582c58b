/** One compare-and-set register per key on its owners: proposer, acceptor, reads and listings; used for manifests and for views. */
@NullMarked
package io.keplerfs.register;

import org.jspecify.annotations.NullMarked;
