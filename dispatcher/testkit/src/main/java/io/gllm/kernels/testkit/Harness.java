package io.gllm.kernels.testkit;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs cases on one queue of a device. Every call is made twice, with different bytes around the operands and in the outputs
 * beforehand: what a kernel leaves unwritten, reads from outside or keeps from an earlier call shows as a difference. Not
 * thread-safe.
 */
public final class Harness implements AutoCloseable {
  // All ones is NaN in every floating-point type and -1 in every integer type; 0x5a.. is a large number in all of them.
  static final byte NAN_PATTERN = (byte) 0xff;
  private static final byte[] PATTERNS = {NAN_PATTERN, 0x5a};

  private record Key(Op<?> op, ElementType type) {}

  private final Device device;
  private final Numerics numerics;
  private final Queue queue;
  private final Zones zones;
  private final Map<Key, Object> kernels = new HashMap<>();
  private final List<Packed> packed = new ArrayList<>();
  private double worst;
  private long hash;

  /** On a new queue of {@code device}; the device stays open when the harness is closed. */
  public Harness(Device device, Numerics numerics) {
    this.device = device;
    this.numerics = numerics;
    this.queue = device.openQueue(numerics);
    this.zones = new Zones(device, queue);
  }

  /** The device. */
  public Device device() {
    return device;
  }

  /** The queue on which calls are launched. */
  public Queue queue() {
    return queue;
  }

  /** What the queue promises. */
  public Numerics numerics() {
    return numerics;
  }

  /** The kernel for an operator and type; the same one for all cases. */
  @SuppressWarnings("unchecked")
  public <K> K kernel(Op<K> op, ElementType type) {
    return (K) kernels.computeIfAbsent(new Key(op, type), key -> queue.kernel(op, type));
  }

  /** Runs a case; never throws because of the device. */
  public Result run(Case test) {
    worst = 0;
    hash = 0xcbf29ce484222325L;
    long start = System.nanoTime();
    Result.Status status = Result.Status.PASSED;
    String detail = "";
    try {
      test.body().run(this);
    } catch (Skipped e) {
      status = Result.Status.SKIPPED;
      detail = e.getMessage();
    } catch (Mismatch e) {
      status = Result.Status.FAILED;
      detail = e.getMessage();
    } catch (RuntimeException | LinkageError | AssertionError e) {
      status = Result.Status.FAILED;
      detail = e + (e.getStackTrace().length > 0 ? " at " + e.getStackTrace()[0] : "");
    } finally {
      packed.forEach(Packed::close);
      packed.clear();
    }
    return new Result(test, status, detail, worst, hash, System.nanoTime() - start);
  }

  /**
   * Makes a call and checks everything about it.
   *
   * @throws Mismatch if the device broke the contract
   */
  public <K> void check(Op<K> op, ElementType type, Call<K> call) {
    K kernel = kernel(op, type);
    for (byte pattern : PATTERNS) {
      place(call, pattern);
      launch(call, kernel);
      zones.download();
      try {
        collect(call, pattern);
      } catch (Mismatch e) {
        throw new Mismatch(call.label + ": " + e.getMessage());
      }
    }
  }

  /**
   * Makes a call that must fail without writing anything.
   *
   * @throws Mismatch if the call did not throw {@code failure}, or wrote something
   */
  public <K> void checkThrows(Class<? extends RuntimeException> failure, Op<K> op, ElementType type, Call<K> call) {
    K kernel = kernel(op, type);
    place(call, NAN_PATTERN);
    RuntimeException thrown = null;
    try {
      launch(call, kernel);
    } catch (RuntimeException e) {
      thrown = e;
    }
    zones.download();
    if (!failure.isInstance(thrown)) {
      throw new Mismatch(call.label + ": expected " + failure.getSimpleName() + ", got " + thrown);
    }
    zones.checkGuards(NAN_PATTERN);
    checkInputs(call);
  }

  private <K> void place(Call<K> call, byte pattern) {
    long bytes = 0;
    for (Operand operand : call.operands) {
      bytes += operand.type.bytesFor(operand.length);
    }
    zones.restart(call.operands.size(), bytes);
    for (Operand operand : call.operands) {
      operand.buffer = zones.add(operand.name, operand.type, operand.length, call.shift);
    }
    zones.fill(pattern);
    for (int i = 0; i < call.operands.size(); i++) {
      if (call.operands.get(i).before != null) {
        zones.write(i, call.operands.get(i).before);
      }
    }
    zones.upload();
  }

  private <K> void launch(Call<K> call, K kernel) {
    queue.begin();
    try {
      call.launch.on(kernel);
      queue.sync();
    } finally {
      queue.end();
    }
  }

  private void collect(Call<?> call, byte pattern) {
    boolean first = pattern == PATTERNS[0];
    zones.checkGuards(pattern);
    checkInputs(call);
    for (int i = 0; i < call.operands.size(); i++) {
      Operand operand = call.operands.get(i);
      if (!operand.isOutput()) {
        continue;
      }
      byte[] bytes = zones.read(i);
      if (first) {
        worst = Math.max(worst, operand.after.check(operand.name, bytes));
      }
      bytes = Data.canonical(operand.type, bytes);
      if (first) {
        for (byte b : bytes) {
          hash = (hash ^ b) * 0x100000001b3L;
        }
        operand.result = bytes;
      } else if (!Arrays.equals(bytes, operand.result)) {
        int at = Arrays.mismatch(bytes, operand.result) / operand.type.blockBytes();
        throw new Mismatch(operand.name + "[" + at + "] differs in a second run: not written, read from outside, or a race");
      }
    }
  }

  private void checkInputs(Call<?> call) {
    for (int i = 0; i < call.operands.size(); i++) {
      Operand operand = call.operands.get(i);
      if (!operand.isOutput() && !Arrays.equals(zones.read(i), operand.before)) {
        throw new Mismatch("input " + operand.name + " was changed");
      }
    }
    packed.forEach(Packed::checkUnchanged);
  }

  /**
   * A weight matrix packed by the device's own pack_b, alive until the case ends. Rows of n for B[k,n], of k if transposed.
   *
   * @throws Mismatch if packing changed its input or wrote outside of its output
   */
  public Buffer pack(Data b, long n, long k, boolean transposed, int shift) {
    Packed result = Packed.pack(this, b, n, k, transposed, shift);
    packed.add(result);
    return result.buffer();
  }

  @Override
  public void close() {
    zones.close();
    queue.close();
  }
}
