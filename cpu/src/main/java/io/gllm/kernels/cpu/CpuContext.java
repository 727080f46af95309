package io.gllm.kernels.cpu;

/**
 * What the kernels of one queue share.
 *
 * @param team the threads of the device
 * @param scratch memory that is free between calls
 * @param indices memory for private copies of indices that come as data: what was checked is what is used
 */
public record CpuContext(ThreadTeam team, Scratch scratch, Scratch indices) {
  /** Below this much work, in bytes or flops, waking the team costs more than it gains. */
  private static final long WORTH_A_TEAM = 64 * 1024;

  /** Runs {@code task} on the team if {@code work} (bytes moved, or flops) is worth it, else on the caller as one part. */
  public void run(ThreadTeam.Task task, long work) {
    if (work < WORTH_A_TEAM) {
      task.run(0, 1);
    } else {
      team.run(task);
    }
  }

  /** Start of part {@code part} when {@code n} items are divided evenly into {@code parts}; the end is the start of the next. */
  public static long start(long n, int part, int parts) {
    return n / parts * part + Math.min(part, n % parts);
  }
}
