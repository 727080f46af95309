package io.gllm.kernels.gguf;

/**
 * Where a checked metadata value lies.
 *
 * @param type type of the value
 * @param elements type of the elements of an array, else null
 * @param offset first byte of the value, or of the first element of an array
 * @param count elements of an array, else 1
 */
record GgufValue(GgufType type, GgufType elements, long offset, long count) {}
