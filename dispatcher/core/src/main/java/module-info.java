/** Kernels of LLM inference that pick the best device by themselves. */
module io.gllm.kernels {
  requires transitive io.gllm.kernels.api;
  requires io.gllm.kernels.bin; // nothing else asks for it, so the blobs would be missing on a module path

  uses io.gllm.kernels.api.spi.BackendProvider;

  exports io.gllm.kernels;
  exports io.gllm.kernels.checkpoint;
  exports io.gllm.kernels.gguf;
  exports io.gllm.kernels.model;
  exports io.gllm.kernels.safetensors;
  exports io.gllm.kernels.tokenizer;
}
