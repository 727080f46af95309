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

  static final class IntLoop1 extends Step {
    private final Int1 op;
    private final int d;
    private final int a;

    IntLoop1(Int1 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      int[] x = w.words[a];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop2 extends Step {
    private final Int2 op;
    private final int d;
    private final int a;
    private final int b;

    IntLoop2(Int2 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop3 extends Step {
    private final Int3 op;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    IntLoop3(Int3 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
      c = ids[3];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      int[] z = w.words[c];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntLoop4 extends Step {
    private final Int4 op;
    private final int d;
    private final int a;
    private final int b;
    private final int c;
    private final int e;

    IntLoop4(Int4 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
      c = ids[3];
      e = ids[4];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      w.uses(e, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      int[] z = w.words[c];
      int[] u = w.words[e];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l], u[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class LongLoop1 extends Step {
    private final Long1 op;
    private final int d;
    private final int a;

    LongLoop1(Long1 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      long[] x = w.longs[a];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongLoop2 extends Step {
    private final Long2 op;
    private final int d;
    private final int a;
    private final int b;

    LongLoop2(Long2 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      long[] x = w.longs[a];
      long[] y = w.longs[b];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongLoop3 extends Step {
    private final Long3 op;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    LongLoop3(Long3 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
      c = ids[3];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      long[] x = w.longs[a];
      long[] y = w.longs[b];
      long[] z = w.longs[c];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class LongShiftLoop extends Step {
    private final LongShift op;
    private final int d;
    private final int a;
    private final int b;

    LongShiftLoop(LongShift op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      long[] x = w.longs[a];
      int[] y = w.words[b];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WideLoop2 extends Step {
    private final Wide2 op;
    private final int d;
    private final int a;
    private final int b;

    WideLoop2(Wide2 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WideLoop3 extends Step {
    private final Wide3 op;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    WideLoop3(Wide3 op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
      c = ids[3];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      long[] z = w.longs[c];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l], y[l], z[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class WidenLoop extends Step {
    private final Widen op;
    private final int d;
    private final int a;

    WidenLoop(Widen op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      int[] x = w.words[a];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteLongs(d, mask);
    }
  }

  static final class NarrowLoop extends Step {
    private final Narrow op;
    private final int d;
    private final int a;

    NarrowLoop(Narrow op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      long[] x = w.longs[a];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = op.of(x[l]);
      }
      w.wroteWords(d, mask);
    }
  }

  static final class IntTestLoop extends Step {
    private final IntTest op;
    private final int d;
    private final int a;
    private final int b;

    IntTestLoop(IntTest op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      int result = 0;
      for (int l = 0; l < Warp.LANES; l++) {
        result |= op.of(x[l], y[l]) ? 1 << l : 0;
      }
      w.wrotePredicate(d, result, mask);
    }
  }

  static final class LongTestLoop extends Step {
    private final LongTest op;
    private final int d;
    private final int a;
    private final int b;

    LongTestLoop(LongTest op, int... ids) {
      this.op = op;
      d = ids[0];
      a = ids[1];
      b = ids[2];
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      long[] x = w.longs[a];
      long[] y = w.longs[b];
      int result = 0;
      for (int l = 0; l < Warp.LANES; l++) {
        result |= op.of(x[l], y[l]) ? 1 << l : 0;
      }
      w.wrotePredicate(d, result, mask);
    }
  }

}
