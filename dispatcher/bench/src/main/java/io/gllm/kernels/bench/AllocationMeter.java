package io.gllm.kernels.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Bytes that this thread and the threads of dispatchers have allocated on the Java heap. Reading it allocates nothing. */
public final class AllocationMeter {
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final long[] team;

  /** For the calling thread and the threads named {@code gllm-...} that run now. */
  public AllocationMeter() {
    team = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("gllm-")).mapToLong(Thread::threadId).toArray();
  }

  /** Bytes so far. */
  public long total() {
    long total = threads.getCurrentThreadAllocatedBytes();
    for (long id : team) {
      total += Math.max(0, threads.getThreadAllocatedBytes(id));
    }
    return total;
  }
}
