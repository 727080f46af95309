/** Element types, buffers and errors shared by every backend. */
package io.gllm.kernels.api;
