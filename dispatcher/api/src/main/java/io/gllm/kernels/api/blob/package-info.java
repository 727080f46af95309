/** Precompiled device code on the class path: the manifest and its verification. */
package io.gllm.kernels.api.blob;
