package io.gllm.kernels.cuda.ptx;

/** A piece of text up to its semicolon, and the line on which it starts. */
record Statement(int line, String text) {}
