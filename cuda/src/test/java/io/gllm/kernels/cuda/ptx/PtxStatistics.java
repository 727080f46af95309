package io.gllm.kernels.cuda.ptx;

import java.util.Map;

/** What a launch executed: instructions of threads, by opcode. */
public record PtxStatistics(Map<String, Long> byOpcode) {
  /** All instructions of all threads. */
  public long instructions() {
    return byOpcode.values().stream().mapToLong(Long::longValue).sum();
  }
}
