package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.util.HashMap;
import java.util.Map;

/** A device under test with a queue, the kernels bound on it so far, and the memory of calls. */
record Subject(Device device, Queue queue, Zones zones, Map<Key, Object> kernels) implements AutoCloseable {
  record Key(Op<?> op, ElementType type) {}

  Subject(Device device, Numerics numerics) {
    this(device, device.openQueue(numerics));
  }

  private Subject(Device device, Queue queue) {
    this(device, queue, new Zones(device, queue), new HashMap<>());
  }

  @SuppressWarnings("unchecked")
  <K> K kernel(Op<K> op, ElementType type) {
    return (K) kernels.computeIfAbsent(new Key(op, type), key -> queue.kernel(op, type));
  }

  @Override
  public void close() {
    zones.close();
    queue.close();
  }
}
