package io.gllm.kernels.model;

import io.gllm.kernels.api.Buffer;

/** The weights of one transformer layer. */
record LlamaLayer(
    Buffer attentionNorm, WeightMatrix query, WeightMatrix key, WeightMatrix value, WeightMatrix attentionOutput,
    Buffer feedForwardNorm, WeightMatrix gate, WeightMatrix up, WeightMatrix down) {}
