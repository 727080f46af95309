package io.gllm.kernels.cuda;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The compiled kernels of this version, portable and tuned ones in a blob each: machine code for some architectures ({@code sm_90}), and PTX ({@code ptx_80}) that a driver
 * compiles for every later one.
 *
 * @param all the blobs
 * @param loader the verified bytes of a blob
 */
record CudaBlobs(Collection<Blob> all, Function<Blob, byte[]> loader) {
  private static final Pattern TARGET = Pattern.compile("(sm|ptx)_(\\d+)(a?)");
  private static final Pattern DRIVER = Pattern.compile("cuda-(\\d+)\\.(\\d+)");

  /**
   * Those on the class path.
   *
   * @throws KernelException if there are none
   */
  static CudaBlobs onClassPath() {
    BlobManifest portable = BlobManifest.of("cuda");
    BlobManifest tuned = BlobManifest.of("cuda-tuned");
    List<Blob> all = new ArrayList<>(portable.blobs().values());
    all.addAll(tuned.blobs().values());
    return new CudaBlobs(all, blob -> (tuned.blobs().get(blob.target()) == blob ? tuned : portable).load(blob));
  }

  /**
   * What a GPU runs.
   *
   * @param blobs best first: the first one that has a kernel is used
   * @param notes what people should know about the choice
   */
  record Choice(List<Blob> blobs, List<String> notes) {}

  /** A blob that a GPU can run; machine code goes before PTX, code for a later architecture before that for an earlier one. */
  private record Fit(Blob blob, boolean ptx, int sm, boolean exact) {}

  /**
   * The blobs for {@code gpu}.
   *
   * @throws KernelException with the reasons if there is none
   */
  Choice choose(CudaGpu gpu) {
    List<Fit> fits = new ArrayList<>();
    Set<String> notes = new LinkedHashSet<>(); // the portable and the tuned blob of a target have the same
    for (Blob blob : all) {
      Fit fit = fit(blob, gpu);
      String need = fit == null ? null : missing(blob, gpu);
      if (need != null) {
        notes.add("machine code " + blob.target() + " is skipped: " + need);
      } else if (fit != null) {
        fits.add(fit);
      }
    }
    if (fits.isEmpty()) {
      throw new KernelException(
          "no kernels for " + gpu.describe() + " among " + all.stream().map(Blob::target).sorted().toList() + List.copyOf(notes));
    }
    fits.sort(Comparator.comparing(Fit::ptx).thenComparing(Fit::sm, Comparator.reverseOrder()).thenComparing(fit -> fit.blob().target(),
        Comparator.reverseOrder()));
    Fit best = fits.getFirst();
    if (best.ptx()) {
      notes.add("no machine code for sm_" + gpu.sm() + ": the driver compiles PTX for sm_" + gpu.sm() + " at first use");
    } else if (!best.exact()) {
      notes.add("kernels are those for sm_" + best.sm() + ", which sm_" + gpu.sm() + " runs as they are");
    }
    return new Choice(fits.stream().map(Fit::blob).toList(), List.copyOf(notes));
  }

  private static Fit fit(Blob blob, CudaGpu gpu) {
    Matcher target = TARGET.matcher(blob.target());
    if (!target.matches()) {
      return null;
    }
    boolean ptx = target.group(1).equals("ptx");
    int sm = Integer.parseInt(target.group(2));
    boolean exact = sm == gpu.sm();
    boolean specific = !target.group(3).isEmpty(); // such code runs on no other architecture, PTX included
    boolean runs = exact || (!specific && sm < gpu.sm() && (ptx || sm / 10 == gpu.major()));
    return runs ? new Fit(blob, ptx, sm, exact) : null;
  }

  /** What the blob needs and the driver lacks, or null. */
  private static String missing(Blob blob, CudaGpu gpu) {
    for (String need : blob.needs()) {
      Matcher driver = DRIVER.matcher(need);
      if (!driver.matches()) {
        return "it needs " + need + ", which this version does not know";
      }
      if (Integer.parseInt(driver.group(1)) * 1000 + Integer.parseInt(driver.group(2)) * 10 > gpu.driver()) {
        return "it needs a driver for CUDA " + driver.group(1) + "." + driver.group(2) + ", this one is for CUDA "
            + CudaGpu.version(gpu.driver());
      }
    }
    return null;
  }
}
