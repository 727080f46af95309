package io.gllm.kernels;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Brings operands to the device. Where kernels use host memory, and for buffers of the device, this is a comparison. A host buffer
 * given to another device is copied for the one call and counted, or refused in strict mode; a buffer of another device is refused.
 */
final class Placement {
  private static final int MAX_OPERANDS = 8;

  private final Device device;
  private final Queue queue;
  private final boolean strict;
  private final boolean hostMemory;
  private final Buffer[] host = new Buffer[MAX_OPERANDS];
  private final Buffer[] staged = new Buffer[MAX_OPERANDS];
  private final boolean[] written = new boolean[MAX_OPERANDS];
  private int count;
  private Set<DeviceMemory> recorded;
  private long toDevice;
  private long toHost;
  private long copies;

  Placement(Device device, Queue queue, boolean strict) {
    this.device = device;
    this.queue = queue;
    this.strict = strict;
    this.hostMemory = device.usesHostMemory();
  }

  /** The operand as the device reads it; null stays null. */
  Buffer in(Buffer operand) {
    return isLocal(operand) ? operand : stage(operand, false);
  }

  /** The operand as the device writes it; it is copied back by {@link #finish}. */
  Buffer out(Buffer operand) {
    return isLocal(operand) ? operand : stage(operand, true);
  }

  /** Keeps the memory of all operands from now on. */
  void startRecording() {
    recorded = Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /** The memory of all operands since {@link #startRecording}. */
  DeviceMemory[] finishRecording() {
    DeviceMemory[] used = recorded.toArray(new DeviceMemory[0]);
    recorded = null;
    return used;
  }

  private boolean isLocal(Buffer operand) {
    if (recorded != null && operand != null) {
      recorded.add(operand.memory());
    }
    return operand == null || operand.memory().device() == device || hostMemory && operand.memory().device() == null;
  }

  private Buffer stage(Buffer operand, boolean write) {
    if (operand.memory().device() != null) {
      throw new IllegalArgumentException(operand + " belongs to another device: " + operand.memory().device().info().name());
    }
    queue.requireNotRecording("an operand on the host, which would be copied for each call,");
    if (strict) {
      throw new IllegalArgumentException(operand + " lies on the host; upload it, or leave strict mode to have it copied for each call");
    }
    for (int i = 0; i < count; i++) {
      if (host[i].sameStart(operand) && host[i].length() == operand.length()) {
        written[i] |= write;
        return staged[i];
      }
    }
    DeviceMemory memory = device.allocate(operand.byteSize());
    Buffer copy = Buffer.owning(memory, operand.type(), operand.length());
    host[count] = operand;
    staged[count] = copy;
    written[count] = write;
    count++;
    queue.copy(operand, copy);
    toDevice += operand.byteSize();
    copies++;
    return copy;
  }

  /** Copies written operands back and frees the copies. */
  void finish() {
    if (count == 0) {
      return;
    }
    queue.sync();
    for (int i = 0; i < count; i++) {
      if (written[i]) {
        queue.copy(staged[i], host[i]);
        toHost += host[i].byteSize();
      }
    }
    abandon();
  }

  /** Frees the copies after a call that failed. */
  void abandon() {
    while (count > 0) {
      count--;
      staged[count].close();
      staged[count] = null;
      host[count] = null;
    }
  }

  void countToDevice(long bytes) {
    toDevice += bytes;
  }

  void countToHost(long bytes) {
    toHost += bytes;
  }

  TransferCounters counters() {
    return new TransferCounters(toDevice, toHost, copies);
  }
}
