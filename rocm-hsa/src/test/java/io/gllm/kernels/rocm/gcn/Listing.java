package io.gllm.kernels.rocm.gcn;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * The disassembly of a blob, as scripts/disassemble-hsaco writes it.
 *
 * @param target the chip
 * @param sha256 of the blob
 * @param kernels by name
 */
public record Listing(String target, String sha256, Map<String, Text> kernels) {
  /**
   * The code of a kernel.
   *
   * @param name its name
   * @param address where it lies in its code object
   * @param lines instructions behind a tabulator, and labels
   */
  public record Text(String name, long address, List<String> lines) {}

  /** Reads a compressed listing. */
  public static Listing read(byte[] compressed) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
      return parse(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a listing. */
  public static Listing parse(String text) {
    List<String> lines = text.lines().toList();
    if (lines.size() < 2 || !lines.get(0).startsWith("# ") || !lines.get(1).startsWith("# sha256 ")) {
      throw new GcnFault("a listing without its head");
    }
    Map<String, Text> kernels = new LinkedHashMap<>();
    int at = 2;
    while (at < lines.size()) {
      String[] head = lines.get(at).split(" ");
      if (head.length != 3 || !head[0].equals("kernel")) {
        throw new GcnFault("not the head of a kernel: " + lines.get(at));
      }
      int end = at + 1;
      while (end < lines.size() && !lines.get(end).startsWith("kernel ")) {
        end++;
      }
      kernels.put(head[1], new Text(head[1], Long.decode(head[2]), lines.subList(at + 1, end)));
      at = end;
    }
    return new Listing(lines.get(0).substring(2), lines.get(1).substring(9), kernels);
  }

  /**
   * Insists on being that of a blob.
   *
   * @throws GcnFault if it is another's
   */
  public Listing of(String chip, byte[] blob) {
    try {
      String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(blob));
      if (!chip.equals(target) || !hash.equals(sha256)) {
        throw new GcnFault("the listing is of " + target + " " + sha256 + ", the blob is " + chip + " " + hash
            + "; scripts/disassemble-hsaco writes it anew");
      }
      return this;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
