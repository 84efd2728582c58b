package io.keplerfs.examples;

class Kepler {
    picocli.CommandLine c;
    me.tongfei.progressbar.ProgressBar b;
}
