/** The native tier: machine code from blobs, mapped executable and called through the foreign function interface. */
package io.gllm.kernels.cpu.machine;
