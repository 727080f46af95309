/**
 * An interpreter of PTX for tests, where there is no GPU: nvcc's own text of the kernels runs on the CPU, and whatever a kernel may
 * not do is reported with line, thread and cause.
 *
 * <p>
 * {@link io.gllm.kernels.cuda.ptx.PtxModule#parse} reads a text, {@link io.gllm.kernels.cuda.ptx.PtxLaunch} runs an entry on a
 * {@link io.gllm.kernels.cuda.ptx.DeviceMemoryMap}. Groups run one after the other, in a group each warp up to the next barrier, in
 * a warp the lanes that are furthest behind; an instruction is a loop over 32 lanes. Which order a real device would take does not
 * matter: two accesses that only luck would order are a race, in whichever order they come.
 *
 * <p>
 * Not modelled, and therefore refused: f64, local memory, calls, textures, barriers other than that of the whole group, clusters,
 * wgmma and bulk copies.
 */
package io.gllm.kernels.cuda.ptx;
