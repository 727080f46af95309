package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The compiled kernels of this version: code objects for chips ({@code gfx90a}), each of which runs on that chip and on its siblings,
 * for which the compiler makes the same code.
 *
 * @param all the blobs
 * @param loader the verified bytes of a blob
 */
record RocmBlobs(Collection<Blob> all, Function<Blob, byte[]> loader) {
  /** Chips that run the code for another one, since the compiler gives both the same code, and their flags in a code object. */
  static final Map<String, Sibling> SIBLINGS = Map.ofEntries(sibling("gfx900", "gfx906", 0x12c), sibling("gfx90c", "gfx906", 0x132),
      sibling("gfx1031", "gfx1030", 0x37), sibling("gfx1032", "gfx1030", 0x38), sibling("gfx1033", "gfx1030", 0x39),
      sibling("gfx1034", "gfx1030", 0x3e), sibling("gfx1035", "gfx1030", 0x3d), sibling("gfx1036", "gfx1030", 0x45),
      sibling("gfx1102", "gfx1100", 0x47), sibling("gfx1103", "gfx1101", 0x44), sibling("gfx1151", "gfx1150", 0x4a),
      sibling("gfx1152", "gfx1150", 0x55), sibling("gfx1200", "gfx1201", 0x48));
  /** Where the flags lie in an ELF file: e_flags, with the number of the chip and which of its features the code depends on. */
  private static final int FLAGS = 48;

  /**
   * A chip that runs code for another one.
   *
   * @param of the chip that code is made for
   * @param flags its own flags, with each of its features left open
   */
  record Sibling(String of, int flags) {}

  private static Map.Entry<String, Sibling> sibling(String chip, String of, int flags) {
    return Map.entry(chip, new Sibling(of, flags));
  }

  /**
   * Those on the class path.
   *
   * @throws KernelException if there are none
   */
  static RocmBlobs onClassPath() {
    BlobManifest manifest = BlobManifest.of("rocm");
    return new RocmBlobs(manifest.blobs().values(), manifest::load);
  }

  /**
   * What a GPU runs.
   *
   * @param chip the GPU's chip
   * @param blob the code
   */
  record Choice(String chip, Blob blob) {
    /** What people should know about the choice. */
    List<String> notes() {
      return chip.equals(blob.target()) ? List.of() : List.of("kernels are those for " + blob.target() + ", which " + chip + " runs too");
    }

    /** Makes a code object of the blob name the GPU's own chip: the runtime loads no other. */
    void stamp(MemorySegment image) {
      if (!chip.equals(blob.target()) && image.byteSize() >= FLAGS + Integer.BYTES) {
        image.set(ValueLayout.JAVA_INT, FLAGS, SIBLINGS.get(chip).flags());
      }
    }
  }

  /**
   * The code for a GPU.
   *
   * @throws KernelException that names the chip and the code there is, if none fits
   */
  Choice choose(RocmGpu gpu) {
    for (String chip : gpu.chips()) {
      Optional<Blob> own = blob(chip);
      if (own.isPresent()) {
        return new Choice(chip, own.get());
      }
      Optional<Blob> siblings = SIBLINGS.containsKey(chip) ? blob(SIBLINGS.get(chip).of()) : Optional.empty();
      if (siblings.isPresent()) {
        return new Choice(chip, siblings.get());
      }
    }
    throw new KernelException("no kernels for " + gpu.describe() + " among " + all.stream().map(Blob::target).sorted().toList());
  }

  private Optional<Blob> blob(String target) {
    return all.stream().filter(blob -> blob.target().equals(target)).findFirst();
  }
}
