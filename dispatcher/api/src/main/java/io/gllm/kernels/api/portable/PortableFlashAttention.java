package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;

/**
 * Attention over contiguous keys and values (attention.gk): in one launch where the operands fit into windows, otherwise head by head
 * in windows of queries and of keys, the spans of which go on from launch to launch.
 */
final class PortableFlashAttention implements FlashAttention.Kernel {
  private final long window;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;
  private final AttentionSpans spans;
  private final AttentionRows rows = new AttentionRows();
  private AttentionShape shape;
  private long keyStride;
  private long keysAtOnce;
  private boolean split;

  PortableFlashAttention(Launcher launcher, ElementType type) {
    window = launcher.windowBytes();
    wide = new Wide(launcher, type);
    same = launcher.prepare("flash_attention_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("flash_attention_f32");
    spans = new AttentionSpans(launcher);
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    long n = (long) shape.batch() * shape.kvHeads() * shape.keys() * shape.headDim();
    if ((long) shape.batch() * shape.queries() == 0) {
      return;
    }
    if (Wide.splitsWord(k) || Wide.splitsWord(v)) {
      attend(f32, q, wide.widen(3, k, n), wide.widen(4, v, n), mask, out, lse, shape);
    } else {
      attend(same, q, k, v, mask, out, lse, shape);
    }
  }

  private void attend(Launch launch, Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    this.shape = shape;
    measure(k, mask);
    long batchAtOnce = rows.batch;
    long headsAtOnce = rows.heads;
    long queriesAtOnce = rows.queries;
    for (long b = 0; b < shape.batch(); b += batchAtOnce) {
      rows.batch = Math.min(batchAtOnce, shape.batch() - b);
      for (long h = 0; h < shape.heads(); h += headsAtOnce) {
        for (long i = 0; i < shape.queries(); i += queriesAtOnce) {
          rows.queries = Math.min(queriesAtOnce, shape.queries() - i);
          rows.start = b * rows.batchStride + h * rows.headStride + i * rows.queryStride;
          part(launch, q, k, v, mask, out, lse, b, h, i);
        }
      }
    }
  }

  /** Sets strides and the sizes of a launch. */
  private void measure(Buffer k, Buffer mask) {
    boolean headsFirst = shape.layout() == AttentionLayout.BHSD;
    int dim = shape.headDim();
    rows.headDim = dim;
    rows.batchStride = (long) shape.heads() * shape.queries() * dim;
    rows.headStride = headsFirst ? (long) shape.queries() * dim : dim;
    rows.queryStride = headsFirst ? dim : (long) shape.heads() * dim;
    keyStride = headsFirst ? dim : (long) shape.kvHeads() * dim;
    rows.heads = shape.heads();
    rows.queries = Math.min(shape.queries(), AttentionSpans.MOST_GROUPS);
    rows.batch = Math.min(shape.batch(), AttentionSpans.MOST_GROUPS);
    keysAtOnce = shape.keys();
    long keyBytes = (long) shape.batch() * shape.kvHeads() * shape.keys() * dim * k.type().blockBytes();
    long maskBytes = mask == null ? 0 : (long) shape.queries() * shape.keys() * 4;
    split = spans.pays(shape.batch() * rows.batchStride / dim, AttentionSpans.count(shape.keys()), dim);
    if (split) {
      rows.batch = Math.min(rows.batch, AttentionSpans.MOST_GROUPS / AttentionSpans.count(shape.keys()));
    }
    if (shape.batch() * rows.batchStride * 4 > window || keyBytes > window || maskBytes > window) {
      measureWindows(k.type().blockBytes(), mask);
    }
  }

  private void measureWindows(int keyTypeBytes, Buffer mask) {
    rows.batch = 1;
    rows.heads = 1;
    long most = (window / keyTypeBytes - shape.headDim()) / keyStride + 1;
    keysAtOnce = Math.min(shape.keys(), most / AttentionSpans.TILE * AttentionSpans.TILE);
    long elements = window / 4;
    rows.queries = Math.min(rows.queries, rows.queriesWithin(elements));
    if (mask != null && shape.keys() > 0) {
      rows.queries = Math.min(rows.queries, (elements - keysAtOnce) / shape.keys() + 1);
    }
    split = keysAtOnce < shape.keys();
    if (split) {
      rows.queries = Math.min(rows.queries, elements / (AttentionSpans.count(shape.keys()) * shape.headDim()));
    }
    if (rows.queries <= 0 || keysAtOnce <= 0 && shape.keys() > 0) {
      throw new IllegalArgumentException(shape + " exceeds the " + window + " bytes that a kernel of this device can address");
    }
  }

  private void part(Launch launch, Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, long b, long h, long i) {
    long count = AttentionSpans.count(shape.keys());
    if (split) {
      spans.keep(rows.count(), count, rows.headDim);
    }
    long group = shape.heads() / shape.kvHeads();
    long batchStride = (long) shape.kvHeads() * shape.keys() * rows.headDim;
    long headStride = shape.layout() == AttentionLayout.BHSD ? (long) shape.keys() * rows.headDim : rows.headDim;
    long kvHeads = rows.heads == 1 ? 1 : shape.kvHeads();
    long key = 0;
    do {
      long end = Math.min(shape.keys(), key + keysAtOnce);
      long from = b * batchStride + h / group * headStride + key * keyStride;
      long elements = end == key
          ? 0
          : (rows.batch - 1) * batchStride + (kvHeads - 1) * headStride + (end - key - 1) * keyStride + rows.headDim;
      rows.part(launch, q).part(k, from, elements).part(v, from, elements);
      spans.part(launch, mask, i * shape.keys() + key, Math.max(0, (rows.queries - 1) * shape.keys() + end - key));
      if (split) {
        spans.states(launch, rows.count(), count, rows.headDim);
      } else {
        rows.lse(rows.part(launch, out), lse, spans);
      }
      rows.values(launch, group, shape.scale()).bits((int) (shape.keys() - shape.queries() + i + 1));
      long beside = spans.values(launch, count, key, end, split, lse);
      launch.value(shape.keys()).value(shape.causal() ? 1 : 0).value(mask == null ? 0 : 1);
      launch.value(batchStride).value(headStride).value(keyStride);
      launch.grid((int) rows.heads, (int) rows.queries, (int) (rows.batch * beside));
      key = end;
    } while (key < shape.keys());
    if (split) {
      spans.join(rows, count, out, lse, null, 0);
    }
  }
}
