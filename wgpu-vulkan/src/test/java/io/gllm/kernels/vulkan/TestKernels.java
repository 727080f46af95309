package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** A blob of three small kernels; their sources lie beside them: glslc --target-env=vulkan1.2 -O k.comp -o k.spv. */
final class TestKernels {
  static final Map<String, String> SIGNATURES = Map.of("axpy", "f32 in x,f32 inout y;uint n,float a", "turn",
      "u32 in x,u32 out y;uint n", "pick", "u32 in index,u32 in table,u32 out y,u32 inout faults;uint n,uint limit");

  private TestKernels() {}

  static KernelStore store() {
    byte[] bytes = bytes();
    return new KernelStore(blob(bytes), () -> bytes);
  }

  /** All modules one after the other, in the order of their names. */
  static byte[] bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    SIGNATURES.keySet().stream().sorted().map(TestKernels::module).forEach(all::writeBytes);
    return all.toByteArray();
  }

  /** The blob that the manifest of {@code bytes} describes. */
  static Blob blob(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    text.append(String.join("\t", "blob", "spv_1_5", "kernels.bin", "" + bytes.length, BlobManifest.sha256(bytes), "", "-", "glslc"));
    int offset = 0;
    for (String symbol : SIGNATURES.keySet().stream().sorted().toList()) {
      int size = module(symbol).length;
      String signature = size + ";64;0;" + SIGNATURES.get(symbol);
      text.append('\n').append(String.join("\t", "entry", "spv_1_5", symbol, "" + offset, signature));
      offset += size;
    }
    return BlobManifest.parse("test ", text.toString()).get("spv_1_5");
  }

  private static byte[] module(String symbol) {
    try (InputStream in = TestKernels.class.getResourceAsStream(symbol + ".spv")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
