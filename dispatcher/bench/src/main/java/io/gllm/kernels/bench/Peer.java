package io.gllm.kernels.bench;

import java.lang.foreign.MemorySegment;

/** A foreign library in this process that multiplies f32 matrices. */
interface Peer {
  /** What the library says of itself: name and version. */
  String description();

  /** Sets the threads of the products that the calling thread asks for from now on. */
  void useThreads(int threads);

  /** C[m][n] = A[m][k] B[k][n], see {@link Product}. */
  void multiply(Product product, MemorySegment a, MemorySegment b, MemorySegment c);
}
