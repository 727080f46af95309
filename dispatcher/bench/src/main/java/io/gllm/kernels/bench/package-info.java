/** Suites of timed operator calls, the peaks they are compared with, and reports. */
package io.gllm.kernels.bench;
