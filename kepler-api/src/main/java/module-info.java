/** What a host application sees of KeplerFS, and the three SPIs it may replace. */
module io.keplerfs {
    requires static org.jspecify;

    exports io.keplerfs;
    exports io.keplerfs.spi;
    exports io.keplerfs.values;

    uses io.keplerfs.KeplerProvider;
}
