package io.gllm.kernels.rocm.gcn;

import java.nio.ByteBuffer;

/**
 * The 64 bytes that tell the device how to start a kernel (amd_kernel_descriptor_t, code object version 5).
 *
 * @param sharedBytes bytes of memory shared by a group
 * @param argumentBytes bytes of the arguments
 * @param entry where the code starts in the code object
 * @param vectors how many vector registers a wave has
 * @param scalars how many scalar registers come before the places of the group
 * @param arguments the first of the two that point to the arguments
 * @param groups which places of the group come behind them: bits 0 to 2 for x, y, z
 */
public record Descriptor(int sharedBytes, int argumentBytes, long entry, int vectors, int scalars, int arguments, int groups) {
  private static final int[] SIZES = {4, 2, 2, 2, 2, 2, 1};
  private static final int KERNARG = 3;
  /** Round to nearest, and keep subnormal numbers, for all widths. */
  private static final int EXACT = 0xf0;

  /**
   * Reads a descriptor.
   *
   * @param image the code object, little-endian
   * @param at where the descriptor lies in it
   * @param address where it lies when loaded
   * @throws GcnFault if it asks for what is not modelled
   */
  public static Descriptor read(Chip chip, ByteBuffer image, int at, long address) {
    int registers = image.getInt(at + 48);
    int start = image.getInt(at + 52);
    int properties = image.getShort(at + 56) & 0xffff;
    require((properties >> 10 & 1) == (chip.lanes() == 32 ? 1 : 0), "its waves have other sizes than those of " + chip.name());
    require((registers >> 12 & 0xff) == EXACT, "its floating point mode is 0x" + Integer.toHexString(registers >> 12 & 0xff));
    require(image.getInt(at + 4) == 0 && (start & 1) == 0, "it needs private memory");
    require((start >> 11 & 3) == 0, "it wants the places of threads along y and z");
    require(image.getShort(at + 58) == 0, "its arguments are preloaded");
    int scalars = 0;
    int arguments = -1;
    for (int i = 0; i < SIZES.length; i++) {
      if ((properties >> i & 1) != 0) {
        arguments = i == KERNARG ? scalars : arguments;
        scalars += SIZES[i];
      }
    }
    int reserved = start >> 1 & 31; // at least: GFX11 wants sixteen with the places of the group
    require(scalars <= reserved, "its scalar registers do not add up");
    return new Descriptor(image.getInt(at), image.getInt(at + 8), address + image.getLong(at + 16), vectors(chip, image, at), reserved,
        arguments, start >> 7 & 7);
  }

  /** Where accumulation registers follow, those before them. */
  private static int vectors(Chip chip, ByteBuffer image, int at) {
    int all = ((image.getInt(at + 48) & 63) + 1) * (chip.lanes() == 32 || chip.name().matches("gfx90a|gfx94.") ? 8 : 4);
    return chip.name().matches("gfx90a|gfx94.") ? Math.min(all, ((image.getInt(at + 44) & 63) + 1) * 4) : all;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new GcnFault("not modelled in a kernel descriptor: " + otherwise);
    }
  }
}
