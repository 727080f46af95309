package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.ints;
import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.write;
import static io.gllm.kernels.testkit.reference.Values.writeInts;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.testkit.oracle.Attention;
import io.gllm.kernels.testkit.oracle.Philox;
import io.gllm.kernels.testkit.oracle.Sampler;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/** Bugs of attention and sampling. */
final class TokenMutants {
  private TokenMutants() {}

  static List<Mutant<?>> all() {
    return List.of(
        new Mutant<>("causal mask off by one", FlashAttention.OP, DType.F32, good -> masked(1, false)),
        new Mutant<>("causal mask aligned to the top left", FlashAttention.OP, DType.F16, good -> masked(0, true)),
        new Mutant<>("sum and output are not rescaled when the maximum grows", FlashAttention.OP, DType.F32,
            good -> (q, k, v, mask, out, lse, s) -> {
              if (s.batch() == 1 && s.heads() == 1 && s.layout() == AttentionLayout.BHSD && mask == null && !s.causal()) {
                online(q, k, v, out, s);
                writeLse(lse, Attention.flash(s, read(q, q.length()), read(k, k.length()), read(v, v.length()), null));
              } else {
                good.run(q, k, v, mask, out, lse, s);
              }
            }),
        new Mutant<>("query heads dealt to key heads in turn", FlashAttention.OP, DType.BF16, good -> TokenMutants::headsInTurn),
        new Mutant<>("a query that sees nothing gives NaN", FlashAttention.OP, DType.F32, good -> (q, k, v, mask, out, lse, s) -> {
          good.run(q, k, v, mask, out, lse, s);
          write(out, 0, Arrays.stream(read(out, out.length())).map(x -> x == 0 ? Double.NaN : x).toArray());
        }),
        new Mutant<>("the page table of an earlier call", PagedAttention.OP, DType.F32, good -> new StaleTable(good)),
        new Mutant<>("whole pages are read beyond the length", PagedAttention.OP, DType.F16, good -> TokenMutants::wholePages),
        new Mutant<>("lengths beyond the table are cut", PagedAttention.OP, DType.BF16, good -> TokenMutants::cutLengths),
        new Mutant<>("the last of equal elements", Sampling.ARGMAX, DType.F32, good -> TokenMutants::lastArgmax),
        new Mutant<>("a row of nothing gives token 0", Sampling.ARGMAX, DType.BF16, good -> (x, out, rows, cols) -> {
          good.run(x, out, rows, cols);
          writeInts(out, 0, Arrays.stream(ints(out, rows)).map(t -> Math.max(t, 0)).toArray());
        }),
        new Mutant<>("NaN wins", Sampling.ARGMAX, DType.F16, good -> (x, out, rows, cols) -> {
          for (int r = 0; r < rows; r++) {
            writeInts(out, r, Sampler.argmax(Arrays.stream(read(x, r * cols, cols)).map(v -> Double.isNaN(v) ? 1e30 : v).toArray()));
          }
        }),
        new Mutant<>("equal elements in falling order of their index", Sampling.TOP_K, DType.F32, good -> TokenMutants::fallingTies),
        new Mutant<>("the element that reaches p is hidden", Sampling.TOP_P, DType.F32, good -> TokenMutants::shortNucleus),
        new Mutant<>("probabilities summed without runs", Sampling.SAMPLE, DType.F32, good -> TokenMutants::plainSums),
        new Mutant<>("the high half of the seed is ignored", Sampling.SAMPLE, DType.F32,
            good -> (x, out, rows, cols, seed, step) -> good.run(x, out, rows, cols, seed & 0xffffffffL, step)),
        new Mutant<>("nine rounds", Sampling.PHILOX, DType.I32, good -> (out, n, row, step, key) -> writeInts(out, 0,
            Philox.words((int) n, row, step, key + 0xBB67AE859E3779B9L))));
  }

  private static void writeLse(Buffer lse, Attention result) {
    if (lse != null) {
      write(lse, 0, result.lse);
    }
  }

  /** Causal attention through an explicit mask that is {@code shifted} or aligned to the top left. */
  private static FlashAttention.Kernel masked(int shifted, boolean topLeft) {
    return (q, k, v, mask, out, lse, s) -> {
      double[] added = mask == null ? new double[s.queries() * s.keys()] : read(mask, mask.length());
      for (int i = 0; s.causal() && i < added.length; i++) {
        int last = i / s.keys() + shifted + (topLeft ? 0 : s.keys() - s.queries());
        added[i] = i % s.keys() > last ? Double.NEGATIVE_INFINITY : added[i];
      }
      AttentionShape open = new AttentionShape(s.batch(), s.heads(), s.kvHeads(), s.queries(), s.keys(), s.headDim(), s.layout(), false,
          s.scale());
      AttentionKernels.store(Attention.flash(open, read(q, q.length()), read(k, k.length()), read(v, v.length()), added), out, lse);
    };
  }

  /** One head, tiles of 16 keys; what the tiles before contributed keeps its old scale. */
  private static void online(Buffer q, Buffer k, Buffer v, Buffer out, AttentionShape s) {
    int dim = s.headDim();
    double[] keys = read(k, k.length());
    double[] values = read(v, v.length());
    for (int i = 0; i < s.queries(); i++) {
      double[] query = read(q, (long) i * dim, dim);
      double[] row = new double[dim];
      double top = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (int tile = 0; tile < s.keys(); tile += 16) {
        double[] scores = new double[Math.min(16, s.keys() - tile)];
        for (int t = 0; t < scores.length; t++) {
          for (int d = 0; d < dim; d++) {
            scores[t] += s.scale() * query[d] * keys[(tile + t) * dim + d];
          }
          top = Math.max(top, scores[t]);
        }
        for (int t = 0; t < scores.length; t++) {
          double p = Math.exp(scores[t] - top);
          sum += p;
          for (int d = 0; d < dim; d++) {
            row[d] += p * values[(tile + t) * dim + d];
          }
        }
      }
      double total = sum;
      write(out, (long) i * dim, Arrays.stream(row).map(x -> total == 0 ? 0 : x / total).toArray());
    }
  }

  /** Head h uses key head h mod kvHeads: as if the query heads were reordered. */
  private static void headsInTurn(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape s) {
    int group = s.heads() / s.kvHeads();
    int[] source = new int[s.heads()];
    Arrays.setAll(source, h -> h % group * s.kvHeads() + h / group);
    double[] queries = reorder(s, read(q, q.length()), source, s.headDim(), false);
    Attention result = Attention.flash(s, queries, read(k, k.length()), read(v, v.length()),
        mask == null ? null : read(mask, mask.length()));
    write(out, 0, reorder(s, result.out, source, s.headDim(), true));
    if (lse != null) {
      write(lse, 0, reorder(s, result.lse, source, 1, true));
    }
  }

  private static double[] reorder(AttentionShape s, double[] x, int[] source, int width, boolean back) {
    double[] out = new double[x.length];
    for (int row = 0; row < x.length / width; row++) {
      boolean headsOutside = s.layout() == AttentionLayout.BHSD;
      int head = headsOutside ? row / s.queries() % s.heads() : row % s.heads();
      int other = row + (source[head] - head) * (headsOutside ? s.queries() : 1);
      System.arraycopy(x, (back ? row : other) * width, out, (back ? other : row) * width, width);
    }
    return out;
  }

  private static final class StaleTable implements PagedAttention.Kernel {
    private final PagedAttention.Kernel good;
    private PagedShape shape;
    private Buffer table;

    StaleTable(PagedAttention.Kernel good) {
      this.good = good;
    }

    @Override
    public void run(Buffer q, Buffer k, Buffer v, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape s) {
      if (!s.equals(shape)) {
        shape = s;
        this.table = Buffer.wrap(Arena.ofAuto().allocate(table.byteSize(), 64), DType.I32);
        this.table.segment().copyFrom(table.segment());
      }
      good.run(q, k, v, this.table, lengths, out, lse, s);
    }
  }

  private static void wholePages(Buffer q, Buffer k, Buffer v, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape s) {
    int[] rounded = Arrays.stream(ints(lengths, lengths.length())).map(n -> (n + s.page() - 1) / s.page() * s.page()).toArray();
    AttentionKernels.paged(q, k, v, ints(table, table.length()), rounded, out, lse, s);
  }

  private static void cutLengths(Buffer q, Buffer k, Buffer v, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape s) {
    int[] cut = Arrays.stream(ints(lengths, lengths.length())).map(n -> Math.clamp(n, 0, s.tableColumns() * s.page())).toArray();
    AttentionKernels.paged(q, k, v, ints(table, table.length()), cut, out, lse, s);
  }

  private static void lastArgmax(Buffer x, Buffer out, long rows, long cols) {
    for (int r = 0; r < rows; r++) {
      double[] row = read(x, r * cols, cols);
      int best = Sampler.argmax(row);
      for (int i = 0; best >= 0 && i < cols; i++) {
        best = row[i] == row[best] ? i : best;
      }
      writeInts(out, r, best);
    }
  }

  private static void fallingTies(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k) {
    for (int r = 0; r < rows; r++) {
      float[] row = Values.floats(read(x, r * cols, cols), 0, (int) cols);
      Integer[] order = new Integer[row.length];
      Arrays.setAll(order, i -> row.length - 1 - i);
      Arrays.sort(order, (a, b) -> Float.compare(Sampler.rank(row[b]) + 0f, Sampler.rank(row[a]) + 0f));
      for (int i = 0; i < k; i++) {
        writeInts(indices, (long) r * k + i, order[i]);
        write(values, (long) r * k + i, Sampler.rank(row[order[i]]));
      }
    }
  }

  private static void shortNucleus(Buffer x, Buffer out, long rows, long cols, float p) {
    for (int r = 0; r < rows; r++) {
      float[] row = Values.floats(read(x, r * cols, cols), 0, (int) cols);
      float[] kept = Sampler.topP(row, p);
      int[] order = Sampler.descending(row);
      for (int i = 1; i < cols; i++) {
        if (i == cols - 1 || kept[order[i + 1]] == Float.NEGATIVE_INFINITY) {
          kept[order[i]] = Float.NEGATIVE_INFINITY;
          break;
        }
      }
      for (int i = 0; i < cols; i++) {
        write(out, r * cols + i, kept[i]);
      }
    }
  }

  private static void plainSums(Buffer x, Buffer out, long rows, long cols, long seed, int step) {
    for (int r = 0; r < rows; r++) {
      float[] e = Sampler.weights(Values.floats(read(x, r * cols, cols), 0, (int) cols));
      float total = 0;
      for (float weight : e) {
        total += weight;
      }
      int word = Philox.block(new int[]{0, r, step, 0}, (int) seed, (int) (seed >>> 32))[0];
      float threshold = (word >>> 8) * 0x1p-24f * total;
      float sum = 0;
      int token = Sampling.NO_TOKEN;
      for (int i = 0; i < cols && (token < 0 || !(sum > threshold)); i++) {
        sum += e[i];
        token = e[i] > 0 ? i : token;
      }
      writeInts(out, r, token);
    }
  }
}
