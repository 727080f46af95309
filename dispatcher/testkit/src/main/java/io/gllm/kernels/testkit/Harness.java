package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs cases on one queue of a device, or of several devices that must give the same bits: what a case prepares and expects is then
 * computed once for all of them. Every call is made twice on each, with different bytes around the operands and in the outputs
 * beforehand: what a kernel leaves unwritten, reads from outside or keeps from an earlier call shows as a difference. A device that
 * itself reports such reads, as interpreters do, may be run {@linkplain #once once}: an unwritten output holds NaN. Not thread-safe.
 */
public final class Harness implements AutoCloseable {
  // All ones is NaN in every floating-point type and -1 in every integer type; 0x5a.. is a large number in all of them.
  static final byte NAN_PATTERN = (byte) 0xff;
  private static final byte[] PATTERNS = {NAN_PATTERN, 0x5a};

  private final Numerics numerics;
  private final byte[] patterns;
  private final List<Subject> subjects;
  private final List<Packed> packed = new ArrayList<>();
  private Subject current;
  private double worst;
  private long hash;

  /** On a new queue of {@code device}; the device stays open when the harness is closed. */
  public Harness(Device device, Numerics numerics) {
    this(List.of(device), numerics);
  }

  /** On a new queue of each device; what the first one computes is checked, and the others must give the same bits. */
  public Harness(List<Device> devices, Numerics numerics) {
    this(devices, numerics, PATTERNS);
  }

  private Harness(List<Device> devices, Numerics numerics, byte[] patterns) {
    this.numerics = numerics;
    this.patterns = patterns;
    this.subjects = devices.stream().map(device -> new Subject(device, numerics)).toList();
    this.current = subjects.getFirst();
  }

  /** Makes each call once, with NaN around the operands. */
  public static Harness once(List<Device> devices, Numerics numerics) {
    return new Harness(devices, numerics, new byte[]{NAN_PATTERN});
  }

  /** The device whose turn it is; between calls the first one. */
  public Device device() {
    return current.device();
  }

  /** The queue of {@link #device()} on which calls are launched. */
  public Queue queue() {
    return current.queue();
  }

  /** What the queues promise. */
  public Numerics numerics() {
    return numerics;
  }

  /** The kernel of {@link #device()} for an operator and type; the same one for all cases. */
  public <K> K kernel(Op<K> op, ElementType type) {
    return current.kernel(op, type);
  }

  /** Gives each device its turn. */
  public void onEach(Runnable body) {
    try {
      for (Subject subject : subjects) {
        current = subject;
        body.run();
      }
    } catch (Mismatch e) {
      throw subjects.size() == 1 ? e : new Mismatch(e.getMessage() + " on " + current.device().info());
    } finally {
      current = subjects.getFirst();
    }
  }

  /** Position of the device whose turn it is. */
  int turn() {
    return subjects.indexOf(current);
  }

  int devices() {
    return subjects.size();
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
    onEach(() -> {
      K kernel = kernel(op, type);
      for (byte pattern : patterns) {
        place(call, pattern);
        launch(call, kernel);
        current.zones().download();
        try {
          collect(call, pattern);
        } catch (Mismatch e) {
          throw new Mismatch(call.label + ": " + e.getMessage());
        }
      }
    });
  }

  /**
   * Makes a call that must fail without writing anything.
   *
   * @throws Mismatch if the call did not throw {@code failure}, or wrote something
   */
  public <K> void checkThrows(Class<? extends RuntimeException> failure, Op<K> op, ElementType type, Call<K> call) {
    onEach(() -> {
      K kernel = kernel(op, type);
      place(call, NAN_PATTERN);
      RuntimeException thrown = null;
      try {
        launch(call, kernel);
      } catch (RuntimeException e) {
        thrown = e;
      }
      current.zones().download();
      if (!failure.isInstance(thrown)) {
        throw new Mismatch(call.label + ": expected " + failure.getSimpleName() + ", got " + thrown);
      }
      current.zones().checkGuards(NAN_PATTERN);
      checkInputs(call);
    });
  }

  private void place(Call<?> call, byte pattern) {
    long bytes = 0;
    for (Operand operand : call.operands) {
      bytes += operand.type.bytesFor(operand.length);
    }
    Zones zones = current.zones();
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
    queue().begin();
    try {
      call.launch.on(kernel);
      queue().sync();
    } finally {
      queue().end();
    }
  }

  private void collect(Call<?> call, byte pattern) {
    boolean leads = current == subjects.getFirst();
    boolean first = leads && pattern == patterns[0];
    current.zones().checkGuards(pattern);
    checkInputs(call);
    for (int i = 0; i < call.operands.size(); i++) {
      Operand operand = call.operands.get(i);
      if (!operand.isOutput()) {
        continue;
      }
      byte[] bytes = current.zones().read(i);
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
        throw new Mismatch(operand.name + "[" + at + "] differs "
            + (leads
                ? "in a second run: not written, read from outside, or a race"
                : "from that of " + subjects.getFirst().device().info()));
      }
    }
  }

  private void checkInputs(Call<?> call) {
    for (int i = 0; i < call.operands.size(); i++) {
      Operand operand = call.operands.get(i);
      if (!operand.isOutput() && !current.zones().holds(i, operand.before)) {
        throw new Mismatch("input " + operand.name + " was changed");
      }
    }
    packed.forEach(Packed::checkUnchanged);
  }

  /**
   * A weight matrix packed by each device's own pack_b, alive until the case ends. Rows of n for B[k,n], of k if transposed.
   *
   * @throws Mismatch if packing changed its input or wrote outside of its output
   */
  public Packed pack(Data b, long n, long k, boolean transposed, int shift) {
    Packed result = Packed.pack(this, b, n, k, transposed, shift);
    packed.add(result);
    return result;
  }

  @Override
  public void close() {
    subjects.forEach(Subject::close);
  }
}
