package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import java.util.Arrays;

/** embedding and kv_append: exact. */
final class CacheCases {
  private CacheCases() {}

  static void addTo(Suite suite) {
    for (ElementType type : Embedding.OP.types()) {
      int block = type.blockElements();
      suite.add(Embedding.OP, type, "rows of every width", h -> {
        for (int dim = block; dim <= Math.max(Source.TAILS, 3 * block); dim += block) {
          embed(h, table(type, 7, dim), 7, dim, 0, 6, 0, 3, 3, 5);
        }
      });
      suite.add(Embedding.OP, type, "counts and unaligned", h -> {
        int dim = block == 1 ? 33 : 2 * block;
        embed(h, table(type, 50, dim), 50, dim, 0);
        embed(h, table(type, 1, dim), 1, dim, 0, 0);
        embed(h, table(type, 50, dim), 50, dim, 0, new Source("ids").permutation(50));
        embed(h, table(type, 50, dim), 50, dim, 1, 49, 0, 17);
        embed(h, table(type, 300, 1024), 300, 1024, 0, new Source("ids").permutation(300));
      });
      suite.add(Embedding.OP, type, "ids outside the table", h -> {
        int dim = 2 * block;
        outside(h, table(type, 5, dim), dim, 0, 5);
        outside(h, table(type, 5, dim), dim, -1, 0);
        outside(h, table(type, 5, dim), dim, 0, 1, Integer.MAX_VALUE);
        outside(h, table(type, 5, dim), dim, Integer.MIN_VALUE);
      });
    }
    for (ElementType type : KvAppend.OP.types()) {
      addAppend(suite, (DType) type);
    }
  }

  private static Data table(ElementType type, int rows, int dim) {
    return type instanceof QuantFormat format
        ? BlockData.of(format, BlockData.Kind.RANDOM, rows * dim, "table")
        : new Source("table" + dim).normal((DType) type, rows * dim, 1);
  }

  private static Call<Embedding.Kernel> launch(Call<Embedding.Kernel> call, Data table, int rows, int dim, Operand out, int... ids) {
    Operand from = call.in("table", table);
    Operand index = call.in("ids", Data.ints(ids));
    return call.launch(k -> {
      Embedding.check(from.buffer(), index.buffer(), out.buffer(), ids.length, rows, dim);
      k.run(from.buffer(), index.buffer(), out.buffer(), ids.length, rows, dim);
    });
  }

  private static void embed(Harness h, Data table, int rows, int dim, int shift, int... ids) {
    double[] values = table.values();
    double[] expected = new double[ids.length * dim];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(values, ids[i] * dim, expected, i * dim, dim);
    }
    Call<Embedding.Kernel> call = new Call<Embedding.Kernel>(ids.length + " of " + rows + " x " + dim).shift(shift);
    Operand out = call.out("out", DType.F32, Expected.bits(DType.F32, Data.of(DType.F32, expected).bytes()));
    h.check(Embedding.OP, table.type(), launch(call, table, rows, dim, out, ids));
  }

  private static void outside(Harness h, Data table, int dim, int... ids) {
    Call<Embedding.Kernel> call = new Call<>("ids " + Arrays.toString(ids));
    Operand out = call.untouched("out", new Source("before").normal(DType.F32, ids.length * dim, 1));
    h.checkThrows(IndexOutOfBoundsException.class, Embedding.OP, table.type(), launch(call, table, 5, dim, out, ids));
  }

  private static void addAppend(Suite suite, DType type) {
    suite.add(KvAppend.OP, type, "rows of every width", h -> {
      for (int dim = 1; dim <= Source.TAILS; dim++) {
        append(h, type, dim, 9, 0, 8, 0, 4);
      }
    });
    suite.add(KvAppend.OP, type, "slots and unaligned", h -> {
      append(h, type, 32, 5, 0);
      append(h, type, 32, 1, 0, 0);
      append(h, type, 256, 40, 0, new Source("slots").permutation(40));
      append(h, type, 33, 40, 1, 39, 0, 7);
      append(h, type, 1024, 300, 0, Arrays.copyOf(new Source("slots").permutation(300), 200));
    });
    suite.add(KvAppend.OP, type, "slots outside the cache", h -> {
      rejected(h, type, 0, 5);
      rejected(h, type, -1, 0);
      rejected(h, type, 0, 1, Integer.MAX_VALUE);
      rejected(h, type, Integer.MIN_VALUE);
    });
  }

  private static Call<KvAppend.Kernel> launch(Call<KvAppend.Kernel> call, Data k, Data v, Operand kCache, Operand vCache, int dim,
      int... slots) {
    Operand keys = call.in("k", k);
    Operand values = call.in("v", v);
    Operand index = call.in("slots", Data.ints(slots));
    return call.launch(kernel -> {
      KvAppend.check(keys.buffer(), values.buffer(), index.buffer(), kCache.buffer(), vCache.buffer(), slots.length, dim);
      kernel.run(keys.buffer(), values.buffer(), index.buffer(), kCache.buffer(), vCache.buffer(), slots.length, dim);
    });
  }

  private static Data rows(String seed, int n) {
    double[] x = new Source(seed).normal(n, 1);
    for (int i = 0; i < n; i += 13) {
      x[i] = Source.specials(DType.F32)[i / 13 % 24]; // conversions of limits and NaN
    }
    return Data.of(DType.F32, x);
  }

  private static Expected stored(Data before, Data x, int dim, int[] slots) {
    DType type = (DType) before.type();
    byte[] row = Data.of(type, x.values()).bytes();
    byte[] after = before.bytes().clone();
    int bytes = dim * type.blockBytes();
    for (int t = 0; t < slots.length; t++) {
      System.arraycopy(row, t * bytes, after, slots[t] * bytes, bytes);
    }
    return Expected.bits(type, after);
  }

  private static void append(Harness h, DType type, int dim, int capacity, int shift, int... slots) {
    Data k = rows("k" + dim, slots.length * dim);
    Data v = rows("v" + dim, slots.length * dim);
    Data kCache = new Source("kCache").normal(type, capacity * dim, 1);
    Data vCache = new Source("vCache").normal(type, capacity * dim, 1);
    Call<KvAppend.Kernel> call = new Call<KvAppend.Kernel>(slots.length + " rows of " + dim).shift(shift);
    Operand keys = call.inOut("kCache", kCache, stored(kCache, k, dim, slots));
    Operand values = call.inOut("vCache", vCache, stored(vCache, v, dim, slots));
    h.check(KvAppend.OP, type, launch(call, k, v, keys, values, dim, slots));
  }

  private static void rejected(Harness h, DType type, int... slots) {
    int dim = 18;
    Call<KvAppend.Kernel> call = new Call<>("slots " + Arrays.toString(slots));
    Operand kCache = call.untouched("kCache", new Source("kCache").normal(type, 5 * dim, 1));
    Operand vCache = call.untouched("vCache", new Source("vCache").normal(type, 5 * dim, 1));
    Data x = rows("x", slots.length * dim);
    h.checkThrows(IndexOutOfBoundsException.class, KvAppend.OP, type, launch(call, x, x, kCache, vCache, dim, slots));
  }
}
