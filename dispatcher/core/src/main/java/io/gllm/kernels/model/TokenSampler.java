package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.op.Sampling;
import java.lang.foreign.MemorySegment;

/** Chooses the next token on the device, from logits to an id in a buffer; only the id comes back. */
final class TokenSampler {
  private final KernelDispatcher kernels;
  private final int vocabulary;
  private final Buffer scaled;
  private final Buffer top;
  private final Buffer topIds;
  private final int[] chosen = new int[1];
  private final MemorySegment chosenSegment = MemorySegment.ofArray(chosen);
  private final int[] candidates;
  private MemorySegment candidatesSegment;

  TokenSampler(KernelDispatcher kernels, OwnedBuffers memory, int vocabulary) {
    this.kernels = kernels;
    this.vocabulary = vocabulary;
    this.scaled = memory.allocate(DType.F32, vocabulary);
    this.top = memory.allocate(DType.F32, vocabulary);
    this.topIds = memory.allocate(DType.I32, vocabulary);
    this.candidates = new int[vocabulary];
    this.candidatesSegment = MemorySegment.ofArray(candidates);
  }

  /** Returns the id of token number {@code step}: what is in {@code token} if that is the most likely one, else it is written there. */
  int choose(Buffer logits, Buffer token, GenerationOptions options, int step) {
    if (options.isGreedy()) {
      return read(token);
    }
    kernels.temperature(logits, scaled, vocabulary, options.temperature());
    if (options.topK() == 0 || options.topK() >= vocabulary) {
      return draw(scaled, token, vocabulary, options, step);
    }
    kernels.topK(scaled, top, topIds, 1, vocabulary, options.topK());
    int place = draw(top, token, options.topK(), options, step);
    if (candidatesSegment.byteSize() != (long) options.topK() * Integer.BYTES) {
      candidatesSegment = MemorySegment.ofArray(candidates).asSlice(0, (long) options.topK() * Integer.BYTES);
    }
    kernels.read(topIds, candidatesSegment);
    chosen[0] = candidates[place];
    kernels.write(token, chosenSegment);
    return chosen[0];
  }

  private int draw(Buffer values, Buffer token, int count, GenerationOptions options, int step) {
    if (options.topP() < 1) {
      kernels.topP(values, values, 1, count, options.topP());
    }
    kernels.sample(values, token, 1, count, options.seed(), step);
    return read(token);
  }

  private int read(Buffer token) {
    kernels.read(token, chosenSegment);
    if (chosen[0] == Sampling.NO_TOKEN) {
      throw new KernelException("the model gives no token: no logit is a number above -infinity");
    }
    return chosen[0];
  }
}
