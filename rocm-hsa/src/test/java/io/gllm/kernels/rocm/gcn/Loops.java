package io.gllm.kernels.rocm.gcn;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The loops over lanes, for each shape of an operation. An opcode gets a copy of its loop's class: the call of the operation inside is
 * then of one kind only, and the JIT compiles it away. All lanes are computed, and those of the mask are kept; an operation therefore
 * must not throw for any value.
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

  interface Float2 {
    float of(float a, float b);
  }

  interface Test2 {
    boolean of(int a, int b);
  }

  private Loops() {}

  /** The registers of a loop. */
  record Registers(int result, int shift, Source a, Source b, Source c) {}

  /** Makes the instructions of one opcode. */
  interface Maker {
    Op of(Registers registers);
  }

  /** The loop {@code template} with {@code operation} in it, as a class of its own. */
  static Maker specialise(Class<? extends Op> template, Class<?> shape, Object operation) {
    String file = template.getName().substring(template.getPackageName().length() + 1) + ".class";
    try (InputStream in = template.getResourceAsStream(file)) {
      MethodHandles.Lookup copy = MethodHandles.lookup().defineHiddenClass(in.readAllBytes(), true);
      MethodHandle constructor = copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class, shape, Registers.class))
          .asType(MethodType.methodType(Op.class, Object.class, Registers.class));
      return registers -> make(constructor, operation, registers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Op make(MethodHandle constructor, Object operation, Registers registers) {
    try {
      return (Op) constructor.invokeExact(operation, registers);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** A result and up to three operands. */
  private abstract static class Loop extends Op {
    final int result;
    final int shift;
    final Source a;
    final Source b;
    final Source c;

    Loop(Registers r) {
      result = r.result;
      shift = r.shift;
      a = r.a;
      b = r.b;
      c = r.c;
    }

    /** Moves the result up, if the instruction asks for it. */
    final void finish(Wave w, long known) {
      if (shift != 0) {
        int[] out = w.v[result];
        int[] mask = w.masks();
        for (int l = 0; l < out.length; l++) {
          out[l] <<= shift & mask[l];
        }
      }
      w.wrote(result, known);
    }
  }

  static final class Loop1 extends Loop {
    private final Int1 op;

    Loop1(Int1 op, Registers r) {
      super(r);
      this.op = op;
    }

    @Override
    void run(Wave w) {
      if (w.exec() == 0) {
        return;
      }
      int[] out = w.v[result];
      int[] x = a.lanes(w, 0);
      long known = a.known(w);
      if (w.exec() == w.all) {
        for (int l = 0; l < out.length; l++) {
          out[l] = op.of(x[l]);
        }
      } else {
        int[] mask = w.masks();
        for (int l = 0; l < out.length; l++) {
          out[l] = out[l] & ~mask[l] | op.of(x[l]) & mask[l];
        }
      }
      finish(w, known);
    }
  }

  static final class Loop2 extends Loop {
    private final Int2 op;

    Loop2(Int2 op, Registers r) {
      super(r);
      this.op = op;
    }

    @Override
    void run(Wave w) {
      if (w.exec() == 0) {
        return;
      }
      int[] out = w.v[result];
      int[] x = a.lanes(w, 0);
      int[] y = b.lanes(w, 1);
      long known = a.known(w) & b.known(w);
      if (w.exec() == w.all) {
        for (int l = 0; l < out.length; l++) {
          out[l] = op.of(x[l], y[l]);
        }
      } else {
        int[] mask = w.masks();
        for (int l = 0; l < out.length; l++) {
          out[l] = out[l] & ~mask[l] | op.of(x[l], y[l]) & mask[l];
        }
      }
      finish(w, known);
    }
  }

  static final class Loop3 extends Loop {
    private final Int3 op;

    Loop3(Int3 op, Registers r) {
      super(r);
      this.op = op;
    }

    @Override
    void run(Wave w) {
      if (w.exec() == 0) {
        return;
      }
      int[] out = w.v[result];
      int[] x = a.lanes(w, 0);
      int[] y = b.lanes(w, 1);
      int[] z = c.lanes(w, 2);
      long known = a.known(w) & b.known(w) & c.known(w);
      if (w.exec() == w.all) {
        for (int l = 0; l < out.length; l++) {
          out[l] = op.of(x[l], y[l], z[l]);
        }
      } else {
        int[] mask = w.masks();
        for (int l = 0; l < out.length; l++) {
          out[l] = out[l] & ~mask[l] | op.of(x[l], y[l], z[l]) & mask[l];
        }
      }
      finish(w, known);
    }
  }

  /** A comparison: a bit for each executing lane, 0 for the others. */
  static final class Compare extends Loop {
    private final Test2 op;

    Compare(Test2 op, Registers r) {
      super(r);
      this.op = op;
    }

    @Override
    void run(Wave w) {
      int[] x = a.lanes(w, 0);
      int[] y = b.lanes(w, 1);
      long bits = 0;
      for (int l = 0; l < x.length; l++) {
        bits |= (op.of(x[l], y[l]) ? 1L : 0) << l;
      }
      w.writeMask(result, bits & w.exec(), a.known(w) & b.known(w) | ~w.exec());
    }
  }
}
