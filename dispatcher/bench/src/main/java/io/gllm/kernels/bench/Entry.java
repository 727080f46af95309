package io.gllm.kernels.bench;

/**
 * A case of one contender, ready to run.
 *
 * @param kernel name of what runs
 * @param work what one call does
 * @param ready what must be set before calls; not part of the time
 * @param call the call that is timed
 * @param finish waits for what calls launched; part of the time
 * @param rest what must pass before others are timed; not part of the time
 * @param free frees the operands
 */
record Entry(String kernel, Work work, Runnable ready, Runnable call, Runnable finish, Runnable rest, Runnable free)
    implements
      AutoCloseable {
  /** Neither to set nor to wait for. */
  static void nothing() {}

  @Override
  public void close() {
    free.run();
  }
}
