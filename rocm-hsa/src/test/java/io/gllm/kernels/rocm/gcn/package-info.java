/**
 * A machine for amdgcn code in tests, where there is no AMD GPU: the shipped code objects run on the CPU, from their disassembly, and
 * whatever a kernel may not do is reported with instruction, group, wave, thread and cause.
 *
 * <p>
 * {@link io.gllm.kernels.rocm.gcn.Listing} is the disassembly of a blob, {@link io.gllm.kernels.rocm.gcn.GcnKernel} a kernel of it with
 * each instruction decoded, {@link io.gllm.kernels.rocm.gcn.GcnLaunch} runs it on a {@link io.gllm.kernels.rocm.gcn.DeviceMemoryMap}.
 * Groups run one after the other, in a group each wave up to the next barrier; an instruction is a loop over the lanes of a wave.
 *
 * <p>
 * Reported are: accesses outside live allocations, misaligned, or to the arguments of another launch; races between waves in shared
 * memory; registers touched before a wait for the load that writes them; barriers that lanes or waves miss, or that stores have not
 * been waited for; what depends on registers or shared memory that nothing has written; lanes that are no threads. Values that nothing
 * has written may be moved and computed with, as compilers do, until an address, a store, a branch or the mask depends on them.
 *
 * <p>
 * Not modelled, and therefore refused: scratch memory, accumulation registers, other matrix
 * instructions than {@link io.gllm.kernels.rocm.gcn.MatrixOpcodes} has, DPP, transcendental instructions
 * and other floating point modes than that of exact subnormal numbers. Pauses that hardware needs between instructions, and hints, do
 * nothing. {@code v_rcp_iflag_f32}, which integer division begins with, is as wrong as hardware may be.
 */
package io.gllm.kernels.rocm.gcn;
