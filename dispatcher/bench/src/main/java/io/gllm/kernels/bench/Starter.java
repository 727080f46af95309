package io.gllm.kernels.bench;

/** A contender that is open and brings cases to the start. */
interface Starter extends AutoCloseable {
  Contender contender();

  /** Whether it has something to run for a case; cheap. */
  boolean has(BenchCase benchCase);

  /** Name of the kernel that a case runs. */
  String kernel(BenchCase benchCase);

  /**
   * A case with operands of its own, ready to run.
   *
   * @throws BenchCase.CannotRun saying why it cannot
   */
  Entry enter(BenchCase benchCase);

  /** The loops of the device that a case is compared with; none if there is no such device. */
  Limits limits(Roof roof, PeakLog log);

  @Override
  void close();
}
