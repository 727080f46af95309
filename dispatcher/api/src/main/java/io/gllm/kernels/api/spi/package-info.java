/** What a backend implements: probing, devices, memory and queues of bound kernels. */
package io.gllm.kernels.api.spi;
