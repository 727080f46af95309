package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Attention;
import java.util.Arrays;

/** paged_attention. */
final class PagedCases {
  private final DType type;

  private PagedCases(DType type) {
    this.type = type;
  }

  static void addTo(Suite suite) {
    for (ElementType type : PagedAttention.OP.types()) {
      new PagedCases((DType) type).add(suite);
    }
  }

  private static PagedShape shape(int sequences, int queries, int heads, int kvHeads, int headDim, int page, int columns) {
    return new PagedShape(sequences, queries, heads, kvHeads, headDim, page, columns, (float) (1 / Math.sqrt(headDim)));
  }

  private void add(Suite suite) {
    suite.add(PagedAttention.OP, type, "head sizes", h -> {
      for (int dim = 2; dim <= 68; dim += 2) {
        check(h, shape(2, 1, 2, 2, dim, 16, 2), 0, 5, 20);
      }
      for (int dim : new int[]{80, 96, 128, 192, 256}) {
        check(h, shape(2, 1, 4, 2, dim, 16, 3), 0, 33, 48);
      }
    });
    suite.add(PagedAttention.OP, type, "lengths", h -> {
      for (int length = 0; length <= Source.TAILS; length++) {
        check(h, shape(1, 1, 2, 1, 8, 16, 5), 0, length);
      }
      check(h, shape(1, 1, 4, 2, 8, 4, 3), 0, 12);
      check(h, shape(4, 1, 4, 2, 64, 16, 9), 0, 0, 1, 16, 144);
      check(h, shape(0, 1, 4, 2, 64, 16, 9), 0);
      check(h, shape(2, 1, 4, 2, 64, 64, 20), 0, 1025, 1280);
      check(h, shape(4, 1, 2, 1, 16, 64, 40), 0, 0, 1000, 1025, 2100);
    });
    suite.add(PagedAttention.OP, type, "page sizes", h -> {
      for (int page : new int[]{1, 7, 16, 32, 64}) {
        check(h, shape(3, 1, 4, 2, 16, page, 130 / page + 1), 0, 130, page, Math.max(1, page - 1));
      }
    });
    suite.add(PagedAttention.OP, type, "grouped heads", h -> {
      check(h, shape(2, 1, 6, 6, 16, 16, 2), 0, 17, 30);
      check(h, shape(2, 1, 6, 3, 16, 16, 2), 0, 17, 30);
      check(h, shape(2, 2, 6, 2, 16, 16, 2), 0, 17, 30);
      check(h, shape(2, 3, 8, 1, 16, 16, 2), 0, 17, 30);
    });
    suite.add(PagedAttention.OP, type, "several queries", h -> {
      check(h, shape(2, 5, 4, 2, 32, 16, 3), 0, 5, 40);
      check(h, shape(2, 33, 2, 1, 64, 16, 6), 0, 33, 90);
      check(h, shape(3, 7, 2, 2, 16, 16, 2), 0, 3, 7, 0);
    });
    suite.add(PagedAttention.OP, type, "unaligned, in place, without log-sum-exp", h -> {
      PagedShape s = shape(2, 3, 4, 2, 34, 16, 2);
      check(h, s, 1, 17, 30);
      run(h, new Setup(s, type, 17, 30), true, false, 0);
      run(h, new Setup(s, type, 17, 30), false, false, 0);
    });
    suite.add(PagedAttention.OP, type, "tables change between calls", h -> {
      PagedShape s = shape(2, 1, 2, 1, 16, 16, 4);
      Setup setup = new Setup(s, type, 50, 64);
      run(h, setup, false, true, 0);
      for (int i = 0; i < setup.table.length; i++) {
        setup.table[i] = (setup.table[i] + 3) % setup.blocks;
      }
      run(h, setup, false, true, 0);
    });
    suite.add(PagedAttention.OP, type, "lengths and tables out of range", h -> {
      invalid(h, "length beyond the table", s -> s.lengths[1] = 65);
      invalid(h, "negative length", s -> s.lengths[0] = -1);
      invalid(h, "block beyond the cache", s -> s.table[5] = s.blocks);
      invalid(h, "negative block", s -> s.table[0] = -1);
      invalid(h, "huge block", s -> s.table[4] = Integer.MAX_VALUE);
    });
    suite.add(PagedAttention.OP, type, "NaN", this::nan);
  }

  /** A cache whose blocks are dealt out in random order; slots that belong to no token hold NaN. */
  private static final class Setup {
    final PagedShape shape;
    final int blocks;
    final int[] table;
    final int[] lengths;
    final Data q;
    Data k;
    Data v;

    Setup(PagedShape s, DType type, int... lengths) {
      this.shape = s;
      this.lengths = lengths;
      Source source = new Source(s.toString());
      blocks = s.sequences() * s.tableColumns() + 3;
      int[] order = source.permutation(blocks);
      table = Arrays.copyOf(order, s.sequences() * s.tableColumns());
      q = source.normal(DType.F32, s.sequences() * s.queries() * s.heads() * s.headDim(), 1);
      int row = s.kvHeads() * s.headDim();
      double[] keys = source.normal(blocks * s.page() * row, 1);
      double[] values = source.normal(blocks * s.page() * row, 1);
      for (int sequence = 0; sequence < s.sequences(); sequence++) {
        for (int t = lengths[sequence]; t < s.tableColumns() * s.page(); t++) {
          int slot = slot(sequence, t) * row;
          Arrays.fill(keys, slot, slot + row, Double.NaN);
          Arrays.fill(values, slot, slot + row, Double.NaN);
        }
      }
      k = Data.of(type, keys);
      v = Data.of(type, values);
    }

    int slot(int sequence, int t) {
      return table[sequence * shape.tableColumns() + t / shape.page()] * shape.page() + t % shape.page();
    }
  }

  private interface Damage {
    void apply(Setup setup);
  }

  private void check(Harness h, PagedShape s, int shift, int... lengths) {
    run(h, new Setup(s, type, lengths), false, true, shift);
  }

  private void run(Harness h, Setup setup, boolean inPlace, boolean withLse, int shift) {
    PagedShape s = setup.shape;
    Attention exact = Attention.paged(s, setup.q.values(), setup.k.values(), setup.v.values(), setup.table, setup.lengths);
    Expected expected = Expected.near(DType.F32, exact.out, exact.outBound);
    Call<PagedAttention.Kernel> call = new Call<PagedAttention.Kernel>(s + " lengths " + Arrays.toString(setup.lengths)).shift(shift);
    Operand q = inPlace ? call.inOut("q", setup.q, expected) : call.in("q", setup.q);
    Operand out = inPlace ? q : call.out("out", DType.F32, expected);
    Operand lse = withLse ? call.out("lse", DType.F32, Expected.near(DType.F32, exact.lse, exact.lseBound)) : null;
    h.check(PagedAttention.OP, type, launch(call, setup, q, out, lse));
  }

  private static Call<PagedAttention.Kernel> launch(Call<PagedAttention.Kernel> call, Setup setup, Operand q, Operand out, Operand lse) {
    Operand k = call.in("kCache", setup.k);
    Operand v = call.in("vCache", setup.v);
    Operand table = call.in("table", Data.ints(setup.table));
    Operand lengths = call.in("lengths", Data.ints(setup.lengths));
    return call.launch(kernel -> {
      Buffer l = lse == null ? null : lse.buffer();
      PagedAttention.check(q.buffer(), k.buffer(), v.buffer(), table.buffer(), lengths.buffer(), out.buffer(), l, setup.shape);
      kernel.run(q.buffer(), k.buffer(), v.buffer(), table.buffer(), lengths.buffer(), out.buffer(), l, setup.shape);
    });
  }

  private void invalid(Harness h, String label, Damage damage) {
    Setup setup = new Setup(shape(2, 1, 2, 1, 16, 16, 4), type, 50, 64);
    damage.apply(setup);
    Call<PagedAttention.Kernel> call = new Call<>(label);
    Operand q = call.in("q", setup.q);
    Operand out = call.untouched("out", new Source("before").normal(DType.F32, (int) setup.q.length(), 1));
    h.checkThrows(IndexOutOfBoundsException.class, PagedAttention.OP, type, launch(call, setup, q, out, null));
  }

  /** NaN in a token that is seen spreads to its own heads. */
  private void nan(Harness h) {
    PagedShape s = shape(2, 2, 4, 2, 16, 16, 2);
    for (int i = 0; i < 17; i++) {
      for (boolean inKey : new boolean[]{true, false}) {
        Setup setup = new Setup(s, type, 17, 30);
        double[] cache = (inKey ? setup.k : setup.v).values();
        cache[setup.slot(0, i) * 32 + i] = Double.NaN;
        if (inKey) {
          setup.k = Data.of(type, cache);
        } else {
          setup.v = Data.of(type, cache);
        }
        run(h, setup, false, true, 0);
      }
    }
  }
}
