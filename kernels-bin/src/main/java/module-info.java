/** Precompiled device code and its manifests, as resources under META-INF/gllm. */
module io.gllm.kernels.bin {
}
