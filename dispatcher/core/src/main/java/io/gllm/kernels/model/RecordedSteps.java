package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.Recording;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The decoding of a token, recorded once and then replayed. What changes from token to token lies on the device, in one row: the position,
 * the slot in the cache, and the length of the sequence. The recording itself moves on to the next row, by looking it up in a table of all,
 * so that nothing comes from the host. No operator looks up integers; rows of f32 with the same bits are moved instead, and
 * {@link #open} asks the device whether they arrive.
 */
final class RecordedSteps implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.gllm.kernels");
  private static final int WIDTH = 4;
  private static final int POSITION = 0;
  private static final int SLOT = 1;
  private static final int LENGTH = 2;
  private static final int NOWHERE = -2;

  /** Launches the kernels of one token. */
  interface Step {
    /** Each buffer is i32 [1]. */
    void launch(Buffer position, Buffer slot, Buffer length);
  }

  private final KernelDispatcher kernels;
  private final KvCache cache;
  private final Step step;
  private final Buffer rows;
  private final Buffer row;
  private final Buffer next;
  private final Buffer zero;
  private boolean tabled;
  private int at = NOWHERE;
  private boolean launched;
  private Recording recording;

  private RecordedSteps(KernelDispatcher kernels, OwnedBuffers memory, KvCache cache, Step step) {
    this.kernels = kernels;
    this.cache = cache;
    this.step = step;
    this.rows = memory.allocate(DType.I32, (long) cache.capacity() * WIDTH);
    this.row = memory.allocate(DType.I32, WIDTH);
    this.next = memory.allocate(DType.I32, WIDTH);
    this.zero = memory.allocate(DType.I32, 1);
  }

  /** Null where a recording gains nothing, or where the device cannot carry on by itself. */
  static RecordedSteps open(KernelDispatcher kernels, OwnedBuffers memory, KvCache cache, Step step) {
    if (!kernels.capturesRecordings()) {
      return null;
    }
    RecordedSteps steps = new RecordedSteps(kernels, memory, cache, step);
    if (steps.keepsBits()) {
      return steps;
    }
    LOG.log(System.Logger.Level.WARNING, () -> "tokens are not decoded by recordings: " + kernels.device().name()
        + " changes small numbers when it moves them");
    return null;
  }

  /** Integers are subnormal numbers as f32, which a device may take for zeros. */
  private boolean keepsBits() {
    int[] sent = {1, 2, 0x7fffff, 0};
    int[] arrived = new int[WIDTH];
    kernels.write(row, MemorySegment.ofArray(sent));
    move(row, zero, next, 1);
    kernels.read(next, MemorySegment.ofArray(arrived));
    return Arrays.equals(sent, arrived);
  }

  private void move(Buffer table, Buffer id, Buffer to, int count) {
    kernels.embedding(table.as(DType.F32), id, to.as(DType.F32), 1, count, WIDTH);
  }

  /** A new sequence, whose tokens may lie in other slots. */
  void clear() {
    tabled = false;
    at = NOWHERE;
  }

  /** The next token is launched and recorded anew: what a step launches has changed. */
  void forget() {
    close();
    recording = null;
    launched = false;
  }

  /** Decodes the token at {@code position}, which is not the first of the sequence. */
  void run(int position) {
    if (at != position - 1) {
      seek(position - 1);
    }
    at = NOWHERE; // if this fails
    if (recording != null) {
      recording.replay();
    } else if (launched) {
      recording = kernels.record(this::launch);
      recording.replay();
    } else {
      launch(); // loads and tests the kernels, and grows scratch memory, which a recording cannot
      launched = true;
    }
    at = position;
  }

  /** The length of a sequence is the position of its next token. */
  private void launch() {
    move(rows, row.slice(LENGTH, 1), next, cache.capacity());
    move(next, zero, row, 1);
    step.launch(row.slice(POSITION, 1), row.slice(SLOT, 1), row.slice(LENGTH, 1));
  }

  /** Tells the device where the sequence is; once for each, since the tokens before were not decoded here. */
  private void seek(int position) {
    if (!tabled) {
      int[] all = new int[cache.capacity() * WIDTH];
      for (int i = 0; i < cache.capacity(); i++) {
        fill(all, i * WIDTH, i);
      }
      kernels.write(rows, MemorySegment.ofArray(all));
      tabled = true;
    }
    int[] one = new int[WIDTH];
    fill(one, 0, position);
    kernels.write(row, MemorySegment.ofArray(one));
  }

  private void fill(int[] target, int from, int position) {
    target[from + POSITION] = position;
    target[from + SLOT] = cache.slot(position);
    target[from + LENGTH] = position + 1;
  }

  @Override
  public void close() {
    if (recording != null) {
      recording.close();
    }
  }
}
