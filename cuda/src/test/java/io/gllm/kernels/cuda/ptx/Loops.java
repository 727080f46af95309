package io.gllm.kernels.cuda.ptx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The loops over 32 lanes, for each shape of an operation. An opcode gets a copy of its loop's class: the call of the operation
 * inside is then of one kind only, and the JIT compiles it away (0.5 ns instead of 3 ns for a lane). All lanes are computed, and
 * those of the mask are kept; an operation therefore must not throw for any value.
 */
final class Loops {
  interface Int1 {
    int of(int a);
  }

  interface Int2 {
    int of(int a, int b);
  }

  interface Int3 {
    int of(int a, int b, int c);
  }

  interface Int4 {
    int of(int a, int b, int c, int d);
  }

  interface Long1 {
    long of(long a);
  }

  interface Long2 {
    long of(long a, long b);
  }

  interface Long3 {
    long of(long a, long b, long c);
  }

  interface LongShift {
    long of(long a, int b);
  }

  interface LongField {
    long of(long a, int b, int c);
  }

  interface Wide2 {
    long of(int a, int b);
  }

  interface Wide3 {
    long of(int a, int b, long c);
  }

  interface Widen {
    long of(int a);
  }

  interface Narrow {
    int of(long a);
  }

  interface IntTest {
    boolean of(int a, int b);
  }

  interface LongTest {
    boolean of(long a, long b);
  }

  private Loops() {}

  /** Makes the steps of one opcode: from the operation's registers, the result first. */
  interface Maker {
    Step of(int... ids);
  }

  /** The loop {@code template} with {@code operation} in it, as a class of its own. */
  static Maker specialise(Class<? extends Step> template, Class<?> shape, Object operation) {
    String file = template.getName().substring(template.getPackageName().length() + 1) + ".class";
    try (InputStream in = template.getResourceAsStream(file)) {
      MethodHandles.Lookup copy = MethodHandles.lookup().defineHiddenClass(in.readAllBytes(), true);
      MethodHandle constructor = copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class, shape, int[].class))
          .asType(MethodType.methodType(Step.class, Object.class, int[].class));
      return ids -> make(constructor, operation, ids);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Step make(MethodHandle constructor, Object operation, int[] ids) {
    try {
      return (Step) constructor.invokeExact(operation, ids);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The registers of a loop: the result and up to four operands. */
  private abstract static class Loop extends Step {
    final int d;
    final int a;
    final int b;
    final int c;
    final int e;

    Loop(int... ids) {
      d = ids[0];
      a = ids[1];
      b = ids.length > 2 ? ids[2] : -1;
      c = ids.length > 3 ? ids[3] : -1;
      e = ids.length > 4 ? ids[4] : -1;
    }
  }

  static final class IntLoop1 extends Loop {
    private final Int1 op;

    IntLoop1(Int1 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop2 extends Loop {
    private final Int2 op;

    IntLoop2(Int2 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop3 extends Loop {
    private final Int3 op;

    IntLoop3(Int3 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      int[] z = w.words(c, mask);
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop4 extends Loop {
    private final Int4 op;

    IntLoop4(Int4 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      int[] z = w.words(c, mask);
      int[] u = w.words(e, mask);
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l], u[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class LongLoop1 extends Loop {
    private final Long1 op;

    LongLoop1(Long1 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongLoop2 extends Loop {
    private final Long2 op;

    LongLoop2(Long2 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      long[] y = w.longs(b, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongLoop3 extends Loop {
    private final Long3 op;

    LongLoop3(Long3 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      long[] y = w.longs(b, mask);
      long[] z = w.longs(c, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongShiftLoop extends Loop {
    private final LongShift op;

    LongShiftLoop(LongShift op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      int[] y = w.words(b, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongFieldLoop extends Loop {
    private final LongField op;

    LongFieldLoop(LongField op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      int[] y = w.words(b, mask);
      int[] z = w.words(c, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WideLoop2 extends Loop {
    private final Wide2 op;

    WideLoop2(Wide2 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WideLoop3 extends Loop {
    private final Wide3 op;

    WideLoop3(Wide3 op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      long[] z = w.longs(c, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WidenLoop extends Loop {
    private final Widen op;

    WidenLoop(Widen op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class NarrowLoop extends Loop {
    private final Narrow op;

    NarrowLoop(Narrow op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntTestLoop extends Loop {
    private final IntTest op;

    IntTestLoop(IntTest op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      int[] x = w.words(a, mask);
      int[] y = w.words(b, mask);
      int result = 0;
      for (int l = 0; l < Warp.LANES; l++) {
        result |= op.of(x[l], y[l]) ? 1 << l : 0;
      }
      w.wrotePredicate(d, result, mask);
    }
  }

  static final class LongTestLoop extends Loop {
    private final LongTest op;

    LongTestLoop(LongTest op, int... ids) {
      super(ids);
      this.op = op;
    }

    @Override
    void run(Warp w, int mask) {
      long[] x = w.longs(a, mask);
      long[] y = w.longs(b, mask);
      int result = 0;
      for (int l = 0; l < Warp.LANES; l++) {
        result |= op.of(x[l], y[l]) ? 1 << l : 0;
      }
      w.wrotePredicate(d, result, mask);
    }
  }
}
