package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/**
 * The compiled kernels of this version: code objects for chips ({@code gfx90a}), each of which runs on that chip and on its siblings,
 * for which the compiler makes the same code. A manifest lists these chips as the needs of a blob, each with its number in an ELF file:
 * {@code gfx1150=43,gfx1152=55}.
 *
 * @param all the blobs with the portable kernels
 * @param tuned those with tuned ones, which not every chip has
 * @param loader the verified bytes of a blob
 */
record RocmBlobs(Collection<Blob> all, Collection<Blob> tuned, Function<Blob, byte[]> loader) {
  /** Where the flags lie in an ELF file: e_flags, with the number of the chip and which of its features the code depends on. */
  private static final int FLAGS = 48;

  /**
   * Those on the class path.
   *
   * @throws KernelException if there are none
   */
  static RocmBlobs onClassPath() {
    BlobManifest portable = BlobManifest.of("rocm");
    BlobManifest tuned = BlobManifest.of("rocm-tuned");
    return new RocmBlobs(portable.blobs().values(), tuned.blobs().values(),
        blob -> (tuned.blobs().get(blob.target()) == blob ? tuned : portable).load(blob));
  }

  /** Portable kernels alone. */
  RocmBlobs(Collection<Blob> all, Function<Blob, byte[]> loader) {
    this(all, List.of(), loader);
  }

  /**
   * A chip that a blob runs on.
   *
   * @param name its name, as in the name of its instruction set
   * @param flags how a code object says that it is for this chip, with each of the chip's features left open
   */
  record Chip(String name, int flags) {
    static Chip of(String need) {
      String[] parts = need.split("=", 2);
      try {
        return new Chip(parts[0], HexFormat.fromHexDigits(parts[1]));
      } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
        throw new KernelException("the manifest of the ROCm kernels says " + need + ", which is no chip with its number", e);
      }
    }
  }

  /**
   * What a GPU runs.
   *
   * @param chip the GPU's chip
   * @param blob the portable kernels
   * @param tuned the tuned kernels, null if there are none for the chip
   */
  record Choice(Chip chip, Blob blob, Blob tuned) {
    /** What people should know about the choice. */
    List<String> notes() {
      return chip.name().equals(blob.target())
          ? List.of()
          : List.of("kernels are those for " + blob.target() + ", which " + chip.name() + " runs too");
    }

    /** Makes a code object of the blob name the GPU's own chip: the runtime loads no other. */
    void stamp(MemorySegment image) {
      if (image.byteSize() >= FLAGS + Integer.BYTES) {
        image.set(ValueLayout.JAVA_INT, FLAGS, chip.flags());
      }
    }
  }

  /**
   * The code for a GPU.
   *
   * @throws KernelException that names the chip and the code there is, if none fits
   */
  Choice choose(RocmGpu gpu) {
    for (String name : gpu.chips()) {
      Blob blob = runsOn(all, name);
      if (blob != null) {
        Chip chip = chips(blob).stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
        return new Choice(chip, blob, runsOn(tuned, name));
      }
    }
    throw new KernelException("no kernels for " + gpu.describe() + " among "
        + all.stream().flatMap(blob -> chips(blob).stream()).map(Chip::name).sorted().toList());
  }

  private static Blob runsOn(Collection<Blob> blobs, String chip) {
    return blobs.stream().filter(blob -> chips(blob).stream().anyMatch(c -> c.name().equals(chip))).findFirst().orElse(null);
  }

  private static List<Chip> chips(Blob blob) {
    return blob.needs().stream().map(Chip::of).toList();
  }
}
