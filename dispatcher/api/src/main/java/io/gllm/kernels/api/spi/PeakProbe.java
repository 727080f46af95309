package io.gllm.kernels.api.spi;

/** A loop that reaches a limit of a device, to be timed in the same run as the kernels that are compared with it. */
public interface PeakProbe extends AutoCloseable {
  /** What runs, for reports; says so where it is a stand-in that may stay below the limit. */
  String name();

  /** Operations or bytes of one {@link #run}, see {@link PeakKind}. */
  double work();

  /** Runs once, on all threads of the device, and returns when it is done. */
  void run();

  /** Frees its memory. Closing twice is harmless. */
  @Override
  void close();
}
