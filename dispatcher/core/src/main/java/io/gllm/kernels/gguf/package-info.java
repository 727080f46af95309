/** Model files: a reader for GGUF that treats every byte as hostile. */
package io.gllm.kernels.gguf;
