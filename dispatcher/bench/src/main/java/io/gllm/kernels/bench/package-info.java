/**
 * Suites of timed operator calls, the limits they are compared with, and reports.
 *
 * <p>A case is an operator with sizes; its operations and bytes come from the operator's contract. Its limits are loops of the
 * device itself ({@link io.gllm.kernels.api.spi.PeakProbe}): fused multiply-adds, byte dot products, reading and copying buffers of
 * about the size that the case touches. Samples of the case and of its limits alternate, so that both see the same clock rate and
 * the same neighbours; the share of the roofline is {@code max(flops / peak, bytes / bandwidth) / time}, the median over the rounds.
 * Where a tier has no machine code, Java loops stand in and the report names them.
 *
 * <p>Several contenders, devices or foreign libraries, take turns within each round. Every sample is kept, so that two contenders or
 * two reports are compared by a rank test and not by two numbers. Reports are read back as material of unknown origin.
 */
package io.gllm.kernels.bench;
