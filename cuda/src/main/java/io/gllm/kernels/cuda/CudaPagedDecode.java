package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/**
 * Paged attention of few queries in spans of keys side by side (paged_decode.cu), joined by a second kernel. The spans depend on the
 * shape alone, so the bits do not change with the lengths of other sequences, nor with the GPU.
 */
final class CudaPagedDecode implements PagedAttention.Kernel {
  private static final int MEAN = 0;
  private static final int STATE = 1;
  private static final int UNUSED = 2;
  private static final int CHECKED = 3;
  /** Rows, a query and a head, that a group works on. */
  private static final int ROWS = 8;
  /** Keys of a tile; spans are whole tiles. */
  private static final int TILE = 64;
  /** Tiles of a span at least: the state that it leaves should be small beside what it reads. */
  private static final int LEAST_TILES = 4;
  /** Groups that keep a GPU busy. */
  private static final long BUSY = 512;
  private static final int MOST_DIM = 256;
  private static final long MOST_GROUPS = 65535;
  private static final long MOST = 1L << 30;

  private final Launcher launcher;
  private final PagedAttention.Kernel next;
  private final TunedLaunch decode;
  private final TunedLaunch check;
  private final TunedLaunch join;

  CudaPagedDecode(Launcher launcher, ElementType type, PagedAttention.Kernel next) {
    this.launcher = launcher;
    this.next = next;
    decode = new TunedLaunch(launcher, symbols(type).getFirst());
    check = new TunedLaunch(launcher, "paged_check");
    join = new TunedLaunch(launcher, "attention_join");
  }

  /** Beside the portable kernels that check the tables and join the spans. */
  static List<String> symbols(ElementType type) {
    return List.of("paged_decode_" + type.label());
  }

  @Override
  public void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape) {
    if (fits(kCache, vCache, shape) && decode.isGood() && check.isGood() && join.isGood()) {
      run(q, kCache, vCache, table, lengths, out, lse, shape, span(shape));
    } else {
      next.run(q, kCache, vCache, table, lengths, out, lse, shape);
    }
  }

  private static long capacity(PagedShape shape) {
    return (long) shape.tableColumns() * shape.page();
  }

  private static long rows(PagedShape shape) {
    return (long) shape.sequences() * shape.queries() * shape.heads();
  }

  /** Groups of one span: key heads, and rows that share them. */
  private static long across(PagedShape shape) {
    long shared = (long) shape.queries() * (shape.heads() / shape.kvHeads());
    return shape.kvHeads() * ((shared + ROWS - 1) / ROWS);
  }

  /** Keys of a span: as many spans as keep a GPU busy, of whole tiles. */
  private static long span(PagedShape shape) {
    long spans = Math.max(1, BUSY / (across(shape) * shape.sequences()));
    long tiles = (capacity(shape) + spans * TILE - 1) / (spans * TILE);
    return Math.max(LEAST_TILES, tiles) * TILE;
  }

  private static boolean fits(Buffer k, Buffer v, PagedShape shape) {
    int dim = shape.headDim();
    boolean something = shape.sequences() >= 1 && shape.queries() >= 1 && capacity(shape) >= 1 && capacity(shape) <= MOST
        && k.length() >= 1;
    boolean wholeHeads = ((k.address() | v.address() | (long) dim * k.type().blockBytes()) & 15) == 0 && dim <= MOST_DIM;
    boolean inGrid = something && across(shape) <= MOST_GROUPS && Math.max(shape.sequences(), shape.queries()) <= MOST_GROUPS
        && shape.heads() <= MOST_GROUPS && rows(shape) <= MOST;
    return wholeHeads && inGrid && k.length() / ((long) shape.kvHeads() * dim) <= MOST;
  }

  private void run(Buffer q, Buffer k, Buffer v, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape, long span) {
    long sequences = shape.sequences();
    long spans = (capacity(shape) + span - 1) / span;
    Buffer mean = launcher.scratch(MEAN, rows(shape) * spans * shape.headDim() * 4);
    Buffer state = launcher.scratch(STATE, rows(shape) * spans * 8);
    Buffer checked = launcher.scratch(CHECKED, sequences * 20);
    check(k, table, lengths, checked, shape);

    Launch launch = decode.launch().buffer(q, rows(shape) * shape.headDim()).buffer(k).buffer(v);
    launch.buffer(table, sequences * shape.tableColumns());
    words(launch, checked, sequences * 5);
    states(launch, mean, state, shape, spans).buffer(launcher.faults());
    launch.value(shape.queries()).value(shape.heads()).value(shape.heads() / shape.kvHeads()).value(shape.headDim());
    launch.value(shape.scale()).value(sequences).value(shape.page()).value(shape.tableColumns()).value(span).value(spans);
    launch.grid((int) across(shape), shape.sequences(), (int) spans);
    join(mean, state, checked, out, lse, shape, spans);
  }

  /** Leaves the lengths, or what is wrong with a sequence. */
  private void check(Buffer k, Buffer table, Buffer lengths, Buffer checked, PagedShape shape) {
    long sequences = shape.sequences();
    long block = (long) shape.page() * shape.kvHeads() * shape.headDim();
    Launch launch = check.launch().buffer(table, sequences * shape.tableColumns()).buffer(lengths, sequences);
    words(launch, checked, sequences * 5);
    launch.value(sequences).value(shape.tableColumns()).value(shape.page()).value(capacity(shape) + 1);
    launch.value(k.length() / block).groups(sequences);
  }

  private void join(Buffer mean, Buffer state, Buffer checked, Buffer out, Buffer lse, PagedShape shape, long spans) {
    Launch launch = states(join.launch(), mean, state, shape, spans);
    words(launch, checked, shape.sequences() * 5L);
    launch.buffer(out, rows(shape) * shape.headDim());
    if (lse == null) {
      words(launch, launcher.scratch(UNUSED, 4), 1);
    } else {
      launch.buffer(lse, rows(shape));
    }
    long token = (long) shape.heads() * shape.headDim();
    launch.value(shape.heads()).value(shape.queries()).value(shape.headDim());
    launch.value(shape.queries() * token).value(shape.headDim()).value(token);
    launch.value(spans).value(lse == null ? 0 : 1).value(shape.sequences());
    launch.grid(shape.heads(), shape.queries(), shape.sequences());
  }

  private static Launch states(Launch launch, Buffer mean, Buffer state, PagedShape shape, long spans) {
    words(launch, mean, rows(shape) * spans * shape.headDim());
    return words(launch, state, rows(shape) * spans * 2);
  }

  private static Launch words(Launch launch, Buffer scratch, long words) {
    return launch.words(scratch.memory(), scratch.byteOffset(), words);
  }
}
