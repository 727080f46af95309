/** Checkpoints: a reader for safetensors files, single or in shards, that treats every byte as hostile. */
package io.gllm.kernels.safetensors;
