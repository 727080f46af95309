package io.gllm.kernels;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.spi.Queue;

/** The operators on rows of a model's state: norms, positions, attention, caches and sampling. */
abstract sealed class ModelOps extends MatrixOps permits KernelDispatcher {
  ModelOps(Queue queue, Placement placement) {
    super(queue, placement);
  }

  /** out[r] = softmax(scale * x[r] + mask[r]), mask may be null, see {@link Softmax}. */
  public void softmax(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    begin();
    try {
      Softmax.check(x, mask, out, rows, cols);
      if (rows != 0 && cols != 0) {
        kernels.softmax[type(x)].run(in(x), in(mask), out(out), rows, cols, scale);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = x / sqrt(mean(x^2) + eps) * weight, row by row, see {@link RmsNorm}. */
  public void rmsNorm(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    begin();
    try {
      RmsNorm.check(x, weight, out, rows, cols, eps);
      if (rows != 0 && cols != 0) {
        kernels.rmsNorm[type(x)].run(in(x), in(weight), out(out), rows, cols, eps);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** sum = x + residual; out = rms_norm(sum), see {@link RmsNorm}. */
  public void rmsNormResidual(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    begin();
    try {
      RmsNorm.checkResidual(x, residual, weight, sum, out, rows, cols, eps);
      if (rows != 0 && cols != 0) {
        kernels.rmsNormResidual[type(x)].run(in(x), in(residual), in(weight), out(sum), out(out), rows, cols, eps);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** Layer normalisation of rows, see {@link LayerNorm}. */
  public void layerNorm(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    begin();
    try {
      LayerNorm.check(x, gamma, beta, out, rows, cols, eps);
      if (rows != 0 && cols != 0) {
        kernels.layerNorm[type(x)].run(in(x), in(gamma), in(beta), out(out), rows, cols, eps);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** Rotary embedding in place, token t at position offset + t, see {@link Rope}. */
  public void rope(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    begin();
    try {
      Rope.check(x, cosines, sines, tokens, shape, offset);
      kernels.rope[type(x)].run(out(x), in(cosines), in(sines), tokens, shape, offset);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Rotary embedding in place, token t at position positions[t], see {@link Rope}. */
  public void ropeWithPositions(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    begin();
    try {
      Rope.check(x, positions, cosines, sines, tokens, shape);
      kernels.ropeWithPositions[type(x)].run(out(x), in(positions), in(cosines), in(sines), tokens, shape);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out[r] = row ids[r] of a table of any type, see {@link Embedding}. */
  public void embedding(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    begin();
    try {
      Embedding.check(table, ids, out, count, rows, dim);
      kernels.embedding[type(table)].run(in(table), in(ids), out(out), count, rows, dim);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Attention over contiguous keys and values; mask and lse may be null, see {@link FlashAttention}. */
  public void flashAttention(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    begin();
    try {
      FlashAttention.check(q, k, v, mask, out, lse, shape);
      kernels.flashAttention[type(k)].run(in(q), in(k), in(v), in(mask), out(out), out(lse), shape);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Attention over a paged cache; lse may be null, see {@link PagedAttention}. */
  public void pagedAttention(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse,
      PagedShape shape) {
    begin();
    try {
      PagedAttention.check(q, kCache, vCache, table, lengths, out, lse, shape);
      kernels.pagedAttention[type(kCache)].run(in(q), in(kCache), in(vCache), in(table), in(lengths), out(out), out(lse), shape);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Stores new keys and values in their slots of a cache, see {@link KvAppend}. */
  public void kvAppend(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    begin();
    try {
      KvAppend.check(k, v, slots, kCache, vCache, tokens, kvDim);
      kernels.kvAppend[type(kCache)].run(in(k), in(v), in(slots), out(kCache), out(vCache), tokens, kvDim);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Index of the first largest element of each row, see {@link Sampling#ARGMAX}. */
  public void argmax(Buffer x, Buffer out, long rows, long cols) {
    begin();
    try {
      Sampling.checkArgmax(x, out, rows, cols);
      kernels.argmax[type(x)].run(in(x), out(out), rows, cols);
      placement.finish();
    } finally {
      end();
    }
  }

  /** The k largest elements of each row and their indices, see {@link Sampling#TOP_K}. */
  public void topK(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k) {
    begin();
    try {
      Sampling.checkTopK(x, values, indices, rows, cols, k);
      kernels.topK.run(in(x), out(values), out(indices), rows, cols, k);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Hides all but the nucleus of each row, see {@link Sampling#TOP_P}. */
  public void topP(Buffer x, Buffer out, long rows, long cols, float p) {
    begin();
    try {
      Sampling.checkTopP(x, out, rows, cols, p);
      kernels.topP.run(in(x), out(out), rows, cols, p);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = x / t, see {@link Sampling#TEMPERATURE}. */
  public void temperature(Buffer x, Buffer out, long n, float t) {
    begin();
    try {
      Sampling.checkTemperature(x, out, n, t);
      kernels.temperature.run(in(x), out(out), n, t);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Counter-based random words, see {@link Sampling#PHILOX}. */
  public void philox(Buffer out, long n, int row, int step, long key) {
    begin();
    try {
      Sampling.checkPhilox(out, n);
      kernels.philox.run(out(out), n, row, step, key);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Draws a token from each row of logits, see {@link Sampling#SAMPLE}. */
  public void sample(Buffer x, Buffer out, long rows, long cols, long seed, int step) {
    begin();
    try {
      Sampling.checkSample(x, out, rows, cols);
      kernels.sample.run(in(x), out(out), rows, cols, seed, step);
      placement.finish();
    } finally {
      end();
    }
  }
}
