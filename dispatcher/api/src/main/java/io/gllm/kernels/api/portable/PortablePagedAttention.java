package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;

/**
 * Attention over a paged cache (attention.gk). The host does not know the lengths: a first kernel checks them and the blocks that they
 * use, and as many spans are launched as the table allows; groups without keys leave. A cache that exceeds a window is gathered,
 * sequence by sequence in windows of keys.
 */
final class PortablePagedAttention implements PagedAttention.Kernel {
  private final Launcher launcher;
  private final long window;
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;
  private final Launch check;
  private final PagedGather gather;
  private final AttentionSpans spans;
  private final AttentionRows rows = new AttentionRows();
  private PagedShape shape;
  private Buffer table;
  private Buffer checked;
  private long capacity;
  private long count;
  private boolean split;

  PortablePagedAttention(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    window = launcher.windowBytes();
    windows = new Windows(launcher);
    wide = new Wide(launcher, type);
    same = launcher.prepare("paged_attention_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("paged_attention_f32");
    check = launcher.prepare("paged_check");
    gather = new PagedGather(launcher);
    spans = new AttentionSpans(launcher);
  }

  @Override
  public void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape) {
    if (shape.sequences() == 0) {
      return;
    }
    this.shape = shape;
    this.table = table;
    check(kCache, lengths);
    if (Wide.splitsWord(kCache) || Wide.splitsWord(vCache)) {
      long n = kCache.length();
      attend(f32, q, wide.widen(4, kCache, n), wide.widen(5, vCache, n), out, lse);
    } else {
      attend(same, q, kCache, vCache, out, lse);
    }
  }

  private void check(Buffer kCache, Buffer lengths) {
    long sequences = shape.sequences();
    long columns = shape.tableColumns();
    capacity = Math.min((1L << 31) - 1, columns * shape.page());
    count = AttentionSpans.count(capacity);
    windows.whole("the table", sequences * columns * 4);
    windows.whole("the lengths", sequences * 20);
    checked = launcher.scratch(3, sequences * 5 * 4);
    check.buffer(table, sequences * columns).buffer(lengths, sequences);
    check.words(checked.memory(), checked.byteOffset(), sequences * 5);
    check.value(sequences).value(columns).value(shape.page()).value(capacity + 1);
    check.value(Math.min(1L << 31, kCache.length() / blockElements())).groups(sequences);
  }

  private long blockElements() {
    return (long) shape.page() * shape.kvHeads() * shape.headDim();
  }

  private void attend(Launch launch, Buffer q, Buffer k, Buffer v, Buffer out, Buffer lse) {
    boolean gathered = k.byteSize() > window;
    measure(gathered);
    long sequencesAtOnce = rows.batch;
    long queriesAtOnce = rows.queries;
    for (long s = 0; s < shape.sequences(); s += sequencesAtOnce) {
      rows.batch = Math.min(sequencesAtOnce, shape.sequences() - s);
      for (long i = 0; i < shape.queries(); i += queriesAtOnce) {
        rows.queries = Math.min(queriesAtOnce, shape.queries() - i);
        rows.start = s * rows.batchStride + i * rows.queryStride;
        if (split) {
          spans.keep(rows.count(), count, rows.headDim);
        }
        if (gathered) {
          gathered(launch, q, k, v, s, i);
        } else {
          rows.part(launch, q).buffer(k).buffer(v);
          launch(launch, out, lse, s, i, 0, capacity, shape.page());
        }
        if (split) {
          spans.join(rows, count, out, lse, checked, shape.sequences());
        }
      }
    }
  }

  /** Sets strides and the sizes of a launch. */
  private void measure(boolean gathered) {
    rows.headDim = shape.headDim();
    rows.headStride = shape.headDim();
    rows.queryStride = (long) shape.heads() * shape.headDim();
    rows.batchStride = shape.queries() * rows.queryStride;
    rows.heads = shape.heads();
    split = gathered || spans.pays(shape.sequences() * rows.batchStride / shape.headDim(), count, shape.headDim());
    long most = window / 4 / (rows.queryStride * (split ? count : 1));
    rows.queries = Math.min(Math.min(shape.queries(), AttentionSpans.MOST_GROUPS), most);
    rows.batch = gathered || rows.queries < shape.queries() ? 1 : Math.min(shape.sequences(), most / Math.max(1, shape.queries()));
    rows.batch = Math.min(rows.batch, AttentionSpans.MOST_GROUPS / (split ? count : 1));
    if (most == 0 || rows.batch == 0) {
      throw new IllegalArgumentException(shape + " exceeds the " + window + " bytes that a kernel of this device can address");
    }
  }

  /** All keys of one sequence in windows; the state of a span goes on from launch to launch. */
  private void gathered(Launch launch, Buffer q, Buffer k, Buffer v, long sequence, long query) {
    long step = gather.keysAtOnce(k, shape);
    for (long key = 0; key < capacity; key += step) {
      long end = Math.min(capacity, key + step);
      Buffer keys = gather.run(6, k, table, checked, shape, sequence, key, end - key);
      Buffer values = gather.run(7, v, table, checked, shape, sequence, key, end - key);
      rows.part(launch, q);
      gather.hand(launch, keys, k, shape, end - key);
      gather.hand(launch, values, v, shape, end - key);
      launch(launch, null, null, sequence, query, key, end, 0);
    }
  }

  private void launch(Launch launch, Buffer out, Buffer lse, long sequence, long query, long key, long end, long page) {
    launch.buffer(table, (long) shape.sequences() * shape.tableColumns());
    launch.words(checked.memory(), checked.byteOffset(), shape.sequences() * 5L);
    if (split) {
      spans.states(launch, rows.count(), count, rows.headDim);
    } else {
      rows.lse(rows.part(launch, out), lse, spans);
    }
    launch.buffer(launcher.faults());
    rows.values(launch, shape.heads() / shape.kvHeads(), shape.scale()).bits((int) (1 - shape.queries() + query));
    long beside = spans.values(launch, count, key, end, split, lse);
    launch.value(shape.sequences()).value(sequence).value(page).value(shape.tableColumns());
    launch.value((long) shape.kvHeads() * shape.headDim());
    launch.grid((int) rows.heads, (int) rows.queries, (int) (rows.batch * beside));
  }
}
