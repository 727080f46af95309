package io.gllm.kernels.rocm;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.rocm.gcn.Chip;
import io.gllm.kernels.rocm.gcn.Descriptor;
import io.gllm.kernels.rocm.gcn.DeviceMemoryMap;
import io.gllm.kernels.rocm.gcn.GcnFault;
import io.gllm.kernels.rocm.gcn.GcnKernel;
import io.gllm.kernels.rocm.gcn.GcnLaunch;
import io.gllm.kernels.rocm.gcn.Listing;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** Runs the shipped code of a chip: the stand-in's GPU. */
final class Interpreter implements StandInHsa.Kernels {
  private final Chip chip;
  private final Map<String, Listing.Text> texts = new HashMap<>();
  private final Map<String, GcnKernel> kernels = new HashMap<>();

  /**
   * For code that is disassembled already.
   *
   * @param portable the portable kernels
   * @param tuned the tuned ones of the same chip
   * @throws GcnFault if a listing is of another blob
   */
  Interpreter(Listing portable, Listing tuned) {
    this.chip = Chip.of(portable.target());
    add("rocm", portable);
    add("rocm-tuned", tuned);
  }

  private void add(String backend, Listing listing) {
    BlobManifest manifest = BlobManifest.of(backend);
    Blob blob = manifest.blobs().get(chip.name());
    if (blob == null) {
      throw new GcnFault("a listing of " + listing.target() + ", for which there is no blob");
    }
    texts.putAll(listing.of(chip.name(), manifest.load(blob)).kernels());
  }

  @Override
  public void run(CodeObject code, String kernel, MemorySegment arguments, int x, int y, int z, int threads, DeviceMemoryMap memory) {
    GcnKernel decoded = kernels.computeIfAbsent(kernel, name -> decode(code, name));
    new GcnLaunch(memory).run(decoded, arguments.address(), x, y, z, threads);
  }

  private GcnKernel decode(CodeObject code, String name) {
    CodeObject.Descriptor kernel = code.kernels().get(name + ".kd");
    ByteBuffer image = ByteBuffer.wrap(code.image()).order(ByteOrder.LITTLE_ENDIAN);
    Listing.Text text = texts.get(name);
    if (text == null) {
      throw new GcnFault("no " + name + " in the listing of " + chip.name());
    }
    return GcnKernel.decode(chip, Descriptor.read(chip, image, kernel.at(), kernel.address()), text);
  }
}
