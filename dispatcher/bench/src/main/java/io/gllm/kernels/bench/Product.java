package io.gllm.kernels.bench;

/**
 * A product of f32 matrices, row-major: C[m][n] = A[m][k] B[k][n]. What a foreign library can be compared on.
 *
 * @param m rows of A and C
 * @param n columns of C; 1 for a matrix and a vector
 * @param k columns of A
 * @param transposed whether B lies as [n][k]
 */
record Product(long m, long n, long k, boolean transposed) {}
