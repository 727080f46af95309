package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/** The queries of a launch of attention, or their results, in a buffer of f32: sizes, and strides in elements. Used again for each call. */
final class AttentionRows {
  int headDim;
  long batchStride;
  long headStride;
  long queryStride;
  /** The first element. */
  long start;
  long batch;
  long heads;
  long queries;

  /** Queries times heads. */
  long count() {
    return batch * heads * queries;
  }

  /** Elements from the first to the last one. */
  long elements() {
    return (batch - 1) * batchStride + (heads - 1) * headStride + (queries - 1) * queryStride + headDim;
  }

  /** Hands on the part of q or out that these rows are in. */
  Launch part(Launch launch, Buffer buffer) {
    return launch.part(buffer, start, elements());
  }

  /** Hands on their part of the log-sum-exp, which has one element for each row; a word that is not used for null. */
  Launch lse(Launch launch, Buffer lse, AttentionSpans spans) {
    return spans.part(launch, lse, start / headDim, elements() / headDim);
  }

  /** The most queries of one head whose rows fit into so many elements; 0 if there is none. */
  long queriesWithin(long elements) {
    return elements < headDim ? 0 : (elements - headDim) / queryStride + 1;
  }

  /** The parameters that the kernels of attention begin with; {@code group} query heads share a key head. */
  Launch values(Launch launch, long group, float scale) {
    launch.value(heads).value(queries).value(group).value(headDim).value(batchStride).value(headStride).value(queryStride);
    return launch.value(scale);
  }
}
