package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** rope and rope_with_positions. */
final class RopeCases {
  private RopeCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : Rope.OP.types()) {
      DType type = (DType) element;
      for (RopeLayout layout : RopeLayout.values()) {
        String name = layout.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        suite.add(Rope.OP, type, name + " shapes", h -> shapes(layout).forEach(s -> run(h, type, s, positions(3, 5), true, 0)));
        suite.add(Rope.OP, type, name + " offsets", h -> {
          RopeShape shape = new RopeShape(3, 24, 24, layout);
          run(h, type, shape, positions(0, 0), true, 0);
          run(h, type, shape, positions(1, 0), true, 0);
          run(h, type, shape, positions(7, 0), true, 1);
          run(h, type, shape, positions(2, 1000), true, 0);
          run(h, type, new RopeShape(4, 64, 64, layout), positions(70, 3), true, 0);
        });
        suite.add(Rope.WITH_POSITIONS, type, name + " shapes",
            h -> shapes(layout).forEach(s -> run(h, type, s, new int[]{9, 0, 4}, false, 0)));
        suite.add(Rope.WITH_POSITIONS, type, name + " positions", h -> {
          RopeShape shape = new RopeShape(3, 24, 20, layout);
          run(h, type, shape, new int[0], false, 0);
          run(h, type, shape, new int[]{77}, false, 0);
          run(h, type, shape, new int[]{5, 5, 0, 1000, 3}, false, 1);
          run(h, type, new RopeShape(4, 64, 64, layout), scattered(140), false, 0);
        });
        suite.add(Rope.OP, type, name + " NaN stays in its pair", h -> nan(h, type, layout));
      }
      suite.add(Rope.WITH_POSITIONS, type, "positions outside the tables", h -> {
        outside(h, type, new int[]{0, 1, 8});
        outside(h, type, new int[]{0, -1, 2});
        outside(h, type, new int[]{Integer.MIN_VALUE, 1, 2});
        int[] last = new int[3000];
        last[2999] = 8;
        outside(h, type, last);
      });
    }
  }

  /** Head sizes around the lanes, rotated in full and in part. */
  private static List<RopeShape> shapes(RopeLayout layout) {
    List<RopeShape> shapes = new ArrayList<>();
    for (int dim = 2; dim <= 68; dim += 2) {
      shapes.add(new RopeShape(2, dim, dim, layout));
      shapes.add(new RopeShape(2, dim + 1, dim - 2, layout));
    }
    for (int dim : new int[]{80, 96, 128, 192, 256}) {
      shapes.add(new RopeShape(3, dim, dim, layout));
      shapes.add(new RopeShape(1, dim, dim / 4 * 2, layout));
    }
    return shapes;
  }

  private static int[] positions(int tokens, int offset) {
    int[] out = new int[tokens];
    Arrays.setAll(out, t -> offset + t);
    return out;
  }

  private static int[] scattered(int tokens) {
    int[] out = new int[tokens];
    Arrays.setAll(out, t -> t * 37 % 101);
    return out;
  }

  private static void run(Harness h, DType type, RopeShape s, int[] positions, boolean offset, int shift) {
    Data x = Data.of(type, Source.primes(positions.length * s.heads() * s.headDim(), 0.125, true));
    check(h, x, s, positions, offset, shift);
  }

  private static void nan(Harness h, DType type, RopeLayout layout) {
    RopeShape shape = new RopeShape(1, 68, 66, layout);
    for (int i = 0; i < 68; i++) {
      double[] x = Source.primes(68, 0.125, true);
      x[i] = Double.NaN;
      check(h, Data.of(type, x), shape, new int[]{3}, true, 0);
    }
  }

  private static void check(Harness h, Data x, RopeShape s, int[] positions, boolean offset, int shift) {
    DType type = (DType) x.type();
    int half = s.rotaryDim() / 2;
    int count = Arrays.stream(positions).max().orElse(0) + 1;
    Data cosines = table(count, half, true);
    Data sines = table(count, half, false);
    Expected expected = rotate(x, s, positions, cosines.values(), sines.values());
    String label = s + " positions " + Arrays.toString(positions);
    if (offset) {
      Call<Rope.Kernel> call = new Call<Rope.Kernel>(label).shift(shift);
      Operand[] o = {call.inOut("x", x, expected), call.in("cosines", cosines), call.in("sines", sines)};
      long first = positions.length == 0 ? 0 : positions[0];
      h.check(Rope.OP, type, call.launch(k -> {
        Rope.check(o[0].buffer(), o[1].buffer(), o[2].buffer(), positions.length, s, first);
        k.run(o[0].buffer(), o[1].buffer(), o[2].buffer(), positions.length, s, first);
      }));
    } else {
      Call<Rope.WithPositions> call = new Call<Rope.WithPositions>(label).shift(shift);
      h.check(Rope.WITH_POSITIONS, type,
          withPositions(call, call.inOut("x", x, expected), call.in("positions", Data.ints(positions)), cosines, sines, s,
              positions.length));
    }
  }

  private static Call<Rope.WithPositions> withPositions(Call<Rope.WithPositions> call, Operand x, Operand positions, Data cosines,
      Data sines,
      RopeShape s, int tokens) {
    Operand c = call.in("cosines", cosines);
    Operand n = call.in("sines", sines);
    return call.launch(k -> {
      Rope.check(x.buffer(), positions.buffer(), c.buffer(), n.buffer(), tokens, s);
      k.run(x.buffer(), positions.buffer(), c.buffer(), n.buffer(), tokens, s);
    });
  }

  /** One position lies outside tables of eight positions: an error, and nothing is rotated. */
  private static void outside(Harness h, DType type, int[] positions) {
    RopeShape s = new RopeShape(2, 8, 8, RopeLayout.SPLIT_HALF);
    Call<Rope.WithPositions> call = new Call<>(positions.length + " positions, one outside");
    Operand x = call.untouched("x", Data.of(type, Source.primes(positions.length * 16, 0.125, true)));
    Operand p = call.in("positions", Data.ints(positions));
    h.checkThrows(IndexOutOfBoundsException.class, Rope.WITH_POSITIONS, type,
        withPositions(call, x, p, table(8, 4, true), table(8, 4, false), s, positions.length));
  }

  private static Data table(int positions, int half, boolean cosine) {
    double[] out = new double[positions * half];
    for (int i = 0; i < out.length; i++) {
      double angle = i / half * Math.pow(10000, -(double) (i % half) / half);
      out[i] = cosine ? Math.cos(angle) : Math.sin(angle);
    }
    return Data.of(DType.F32, out);
  }

  private static Expected rotate(Data x, RopeShape s, int[] positions, double[] cosines, double[] sines) {
    DType type = (DType) x.type();
    double[] in = x.values();
    double[] exact = in.clone();
    double[] bound = new double[in.length];
    int half = s.rotaryDim() / 2;
    for (int head = 0; head < positions.length * s.heads(); head++) {
      for (int i = 0; i < half; i++) {
        int a = head * s.headDim() + (s.layout() == RopeLayout.INTERLEAVED ? 2 * i : i);
        int b = a + (s.layout() == RopeLayout.INTERLEAVED ? 1 : half);
        int at = positions[head / s.heads()] * half + i;
        exact[a] = in[a] * cosines[at] - in[b] * sines[at];
        exact[b] = in[a] * sines[at] + in[b] * cosines[at];
        bound[a] = Rope.bound(type, in[a], in[b], exact[a]) + 0x1p-126;
        bound[b] = Rope.bound(type, in[a], in[b], exact[b]) + 0x1p-126;
      }
    }
    return Expected.near(type, exact, bound);
  }
}
